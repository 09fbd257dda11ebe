// The bodies of Asio, Beast and Boost.JSON, compiled once (see tapedeck_net in dependencies.cmake).
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
#include <boost/json/src.hpp>
