// The catalogue as JSON Schema, draft 2020-12.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tapedeck::event {

struct SchemaScope {
  bool wire = true;
  bool plugin = true;
};

/// One document: the payload of each event under `$defs` as `wire.NAME` or `plugin.NAME`. The
/// document itself describes a line `{"event","data"}` with the decoded data of a wire event, or a
/// line `{"event","payload"}` of `tapedeck events`. Members that the catalogue does not know are
/// allowed, as every client allows them.
[[nodiscard]] std::string json_schema(const SchemaScope& scope);

/// The payload of the one event of that name within `scope`; nothing when there is none. A name
/// that is both (`stage`) is the wire event.
[[nodiscard]] std::optional<std::string> json_schema_of(std::string_view event,
                                                        const SchemaScope& scope);

}  // namespace tapedeck::event
