// The endpoints of the Infinity client REST API, and what each answers to a client that is well.
//
// Source: the published client @pexip/infinity-api 20.0.0, which refuses an answer of another type.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace tapedeck::replayer {

enum class EndpointKind {
  fixed,          ///< answers `result`, whatever was asked
  request_token,  ///< the join; the only one that needs no token
  refresh_token,
  release_token,
  call,       ///< answers with the uuid of a new call, and refuses its media
  update,     ///< likewise refuses the media of a further offer
  breakouts,  ///< answers with the uuid of a new breakout room
  theme,      ///< none is set: 204 without a body
  avatar,     ///< none is there: 404
};

struct Endpoint {
  EndpointKind kind = EndpointKind::fixed;
  std::string_view method;
  std::string_view path;    ///< below the conference; `*` stands for one segment
  std::string_view result;  ///< JSON text; "" where the kind says what is answered
};

/// The endpoint at `path`, the segments below the conference; null if there is none. What is there
/// for the conference is there for a breakout room too, below `breakouts/UUID/`. No path has two
/// methods.
[[nodiscard]] const Endpoint* find_endpoint(const std::vector<std::string_view>& path);

/// Every one.
[[nodiscard]] std::span<const Endpoint> all_endpoints();

/// Whether `name` is what people call the endpoint at `path`: the path, or its last segment.
[[nodiscard]] bool is_called(std::string_view path, std::string_view name);

}  // namespace tapedeck::replayer
