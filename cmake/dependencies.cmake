# Third-party libraries, each the distribution's own package.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(simdjson 3 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS program_options)
find_package(OpenSSL 3 REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)

# Asio, Beast and Boost.JSON are header-only; compiling their bodies once keeps every user light.
add_library(tapedeck_net STATIC "${PROJECT_SOURCE_DIR}/cmake/net.cpp")
target_compile_features(tapedeck_net PUBLIC cxx_std_20)
target_compile_definitions(
  tapedeck_net PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                      BOOST_ASIO_NO_DEPRECATED)
target_include_directories(tapedeck_net SYSTEM PUBLIC ${Boost_INCLUDE_DIRS})
target_link_libraries(tapedeck_net PUBLIC Threads::Threads OpenSSL::SSL)
