#include "core/event/json_schema.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "core/base/json_writer.hpp"
#include "core/event/catalogue.hpp"

namespace tapedeck::event {
namespace {

std::string wire_definition(std::string_view event) {
  return "wire." + std::string(event);
}

std::string plugin_definition(std::string_view event) {
  return "plugin." + std::string(event);
}

class SchemaWriter {
 public:
  [[nodiscard]] std::string document(const SchemaScope& scope) {
    begin();
    json_.key("oneOf").begin_array();
    if (scope.wire) {
      for (const WireShape& event : wire_shapes()) {
        line(event.name, "data", wire_definition(event.name));
      }
    }
    if (scope.plugin) {
      for (const PluginShape& event : plugin_shapes()) {
        line(event.name, "payload", plugin_definition(event.name));
      }
    }
    json_.end_array();
    json_.key("$defs").begin_object();
    if (scope.wire) {
      define_wire_shapes();
    }
    if (scope.plugin) {
      for (const PluginShape& event : plugin_shapes()) {
        json_.key(plugin_definition(event.name)).begin_object();
        describe(event.meaning, 0);
        body(event.payload);
        json_.end_object();
      }
    }
    define_named();
    json_.end_object();
    return end();
  }

  [[nodiscard]] std::string of(const WireShape& event) {
    begin();
    wire_payload(event);
    json_.key("$defs").begin_object();
    if (event.kind == Kind::breakout_event) {
      define_wire_shapes();
    }
    define_named();
    json_.end_object();
    return end();
  }

  [[nodiscard]] std::string of(const PluginShape& event) {
    begin();
    describe(event.meaning, 0);
    body(event.payload);
    json_.key("$defs").begin_object();
    define_named();
    json_.end_object();
    return end();
  }

 private:
  void begin() {
    json_.begin_object().member("$schema", "https://json-schema.org/draft/2020-12/schema");
  }

  [[nodiscard]] std::string end() {
    json_.end_object();
    out_ += '\n';
    return std::move(out_);
  }

  void line(std::string_view event, std::string_view payload, const std::string& definition) {
    json_.begin_object().member("type", "object");
    json_.key("properties").begin_object();
    json_.key("event").begin_object().member("const", event).end_object();
    json_.key(payload);
    reference(definition);
    json_.end_object();
    json_.key("required").begin_array().string("event").string(payload).end_array();
    json_.end_object();
  }

  void reference(std::string_view definition) {
    json_.begin_object().member("$ref", "#/$defs/" + std::string(definition)).end_object();
  }

  void define_wire_shapes() {
    for (const WireShape& event : wire_shapes()) {
      json_.key(wire_definition(event.name)).begin_object();
      wire_payload(event);
      json_.end_object();
    }
  }

  void wire_payload(const WireShape& event) {
    describe(event.meaning, 0);
    body(event.payload);
    if (event.kind != Kind::breakout_event) {
      return;
    }
    // The payload of the inner event hangs on its name.
    json_.key("allOf").begin_array();
    for (const WireShape& inner : wire_shapes()) {
      json_.begin_object().key("if").begin_object().key("properties").begin_object();
      json_.key("event").begin_object().member("const", inner.name).end_object();
      json_.end_object().end_object();
      json_.key("then").begin_object().key("properties").begin_object().key("data");
      reference(wire_definition(inner.name));
      json_.end_object().end_object().end_object();
    }
    json_.end_array();
  }

  void define_named() {
    for (std::size_t i = 0; i < named_.size(); ++i) {  // more may be found on the way
      json_.key(named_[i]->name).begin_object();
      members_of(*named_[i]);
      json_.end_object();
    }
  }

  void describe(std::string_view meaning, int since) {
    if (!meaning.empty()) {
      json_.member("description", meaning);
    }
    if (since != 0) {
      json_.member("$comment", "since Infinity " + std::to_string(since));
    }
  }

  /// The members of a schema for `shape`, or a reference to where they stand.
  void body(const Shape& shape) {
    if (shape.name.empty()) {
      members_of(shape);
      return;
    }
    if (std::ranges::find(named_, shape.name, &Shape::name) == named_.end()) {
      named_.push_back(&shape);
    }
    json_.member("$ref", "#/$defs/" + std::string(shape.name));
  }

  void members_of(const Shape& shape) {
    types(shape);
    if (!shape.values.empty()) {
      json_.key(shape.closed ? "enum" : "examples").begin_array();
      for (const std::string_view value : shape.values) {
        json_.string(value);
      }
      json_.end_array();
    }
    if (!shape.format.empty()) {
      json_.member("format", shape.format);
    }
    if (shape.items != nullptr) {
      json_.key("items").begin_object();
      body(*shape.items);
      json_.end_object();
    }
    if (shape.field_count != 0) {
      fields(shape);
    } else if (shape.members != nullptr && !shape.is_open()) {
      // Members that may be anything need no word: JSON Schema allows them.
      json_.key("additionalProperties").begin_object();
      body(*shape.members);
      json_.end_object();
    }
  }

  void types(const Shape& shape) {
    std::vector<std::string_view> names;
    for (const Type type : json_types) {
      if (shape.types.has(type)) {
        const bool integer = type == Type::number && shape.integral;
        names.push_back(integer ? "integer" : name_of(type));
      }
    }
    if (names.size() == json_types.size()) {
      return;
    }
    if (names.size() == 1) {
      json_.member("type", names.front());
      return;
    }
    json_.key("type").begin_array();
    for (const std::string_view name : names) {
      json_.string(name);
    }
    json_.end_array();
  }

  void fields(const Shape& shape) {
    json_.key("properties").begin_object();
    for (const Field& field : shape.all_fields()) {
      json_.key(field.name).begin_object();
      describe(field.meaning, field.since);
      body(field.shape);
      json_.end_object();
    }
    json_.end_object();
    json_.key("required").begin_array();
    for (const Field& field : shape.all_fields()) {
      if (field.presence == Presence::always) {
        json_.string(field.name);
      }
    }
    json_.end_array();
  }

  std::string out_;
  JsonWriter json_{out_, JsonWriter::Layout::indented};
  std::vector<const Shape*> named_;
};

}  // namespace

std::string json_schema(const SchemaScope& scope) {
  return SchemaWriter().document(scope);
}

std::optional<std::string> json_schema_of(std::string_view event, const SchemaScope& scope) {
  if (const WireShape* wire = find_wire_shape(event); wire != nullptr && scope.wire) {
    return SchemaWriter().of(*wire);
  }
  if (const PluginShape* plugin = find_plugin_shape(event); plugin != nullptr && scope.plugin) {
    return SchemaWriter().of(*plugin);
  }
  return std::nullopt;
}

}  // namespace tapedeck::event
