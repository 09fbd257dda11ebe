#include "cli/replay_edits.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/output.hpp"
#include "core/event/catalogue.hpp"
#include "core/event/decoder.hpp"
#include "core/sse/block_data.hpp"
#include "core/sse/message_parser.hpp"

namespace tapedeck::cli {
namespace {

using Texts = std::vector<std::string>;

Result<void> read_choice(const Values& values, const char* option, event::EventChoice& choice) {
  for (const std::string& text : values.texts(option)) {
    const std::size_t sign = text.find('=');
    const std::string key = text.substr(0, sign);
    const std::string value = sign == std::string::npos ? "" : text.substr(sign + 1);
    if (value.empty() || (key != "event" && key != "room" && key != "participant")) {
      return fail_usage("--" + std::string(option) + ": '" + text +
                        "' is none of event=NAME, room=UUID (or main) and participant=UUID (or a "
                        "display name)");
    }
    if (key == "event") {
      warn_of_unknown_event(option, value);
    }
    (key == "event"  ? choice.events
     : key == "room" ? choice.rooms
                     : choice.participants)
        .push_back(value);
  }
  return {};
}

Result<void> read_renames(const Values& values, std::vector<event::Rename>& renames) {
  for (const std::string& text : values.texts("rename")) {
    const std::size_t sign = text.find('=');
    if (sign == std::string::npos || sign == 0) {
      return fail_usage("--rename: '" + text +
                        "' is not OLD=NEW, where OLD is the uuid or the display name of somebody");
    }
    renames.push_back({.who = text.substr(0, sign), .name = text.substr(sign + 1)});
  }
  return {};
}

/// The keys of `.a.b` or `/a/b`; a JSON Pointer (RFC 6901) in the second form.
std::vector<std::string> path_of(std::string_view text) {
  std::vector<std::string> path;
  const bool pointer = text.starts_with('/');
  for (const char c : text) {
    if (c == text.front()) {
      path.emplace_back();
    } else {
      path.back() += c;
    }
  }
  const auto unescape = [](std::string& key, std::string_view escaped, std::string_view plain) {
    for (std::size_t at = key.find(escaped); at != std::string::npos; at = key.find(escaped, at)) {
      key.replace(at, escaped.size(), plain);
      at += plain.size();
    }
  };
  for (std::string& key : path) {
    if (pointer) {
      unescape(key, "~1", "/");
      unescape(key, "~0", "~");
    }
  }
  return path;
}

/// Whether the catalogue has what the path leads to.
bool is_in_catalogue(const event::Shape* shape, const std::vector<std::string>& path) {
  for (const std::string& key : path) {
    if (shape->is_open()) {
      return true;
    }
    const event::Field* field = shape->find_field(key);
    if (field != nullptr) {
      shape = &field->shape;
    } else if (shape->items != nullptr) {
      shape = shape->items;
    } else if (shape->members != nullptr) {
      shape = shape->members;
    } else {
      return key == "*";
    }
  }
  return true;
}

Result<void> read_sets(const Values& values, std::vector<event::SetField>& sets) {
  event::Decoder decoder;
  for (const std::string& text : values.texts("set")) {
    const std::size_t field = text.find_first_of("./=");
    const std::size_t sign = text.find('=');
    if (sign == std::string::npos || field == 0 || field + 1 >= sign) {
      return fail_usage("--set: '" + text +
                        "' is not EVENT.FIELD=JSON, as participant_update.is_muted='\"YES\"'");
    }
    event::SetField set{.event = text.substr(0, field),
                        .path = path_of(std::string_view(text).substr(field, sign - field)),
                        .json = text.substr(sign + 1)};
    if (!decoder.decode(set.json).ok()) {
      return fail_usage("--set: '" + set.json + "' is no JSON; a string needs its quotes, as '\"" +
                        set.json + "\"'");
    }
    warn_of_unknown_event("set", set.event);
    const event::WireShape* shape = event::find_wire_shape(set.event);
    if (shape != nullptr && !is_in_catalogue(&shape->payload, set.path)) {
      say("--set: " + set.event + " has no field '" + text.substr(field + 1, sign - field - 1) +
          "' in the catalogue; it is set all the same");
    }
    sets.push_back(std::move(set));
  }
  return {};
}

class EditedSource final : public port::FrameSource {
 public:
  EditedSource(std::unique_ptr<port::FrameSource> source, std::shared_ptr<event::EventEdits> edits)
      : source_(std::move(source)), edits_(std::move(edits)), editor_(*edits_) {}

  [[nodiscard]] Result<std::optional<port::Frame>> next() override {
    for (;;) {
      auto frame = source_->next();
      if (!frame || !*frame || take(**frame)) {
        return frame;
      }
    }
  }

 private:
  /// False: the frame is left out.
  bool take(port::Frame& frame) {
    const bool goes_on = in_block_ && frame.connection_id == connection_id_;
    in_block_ = !frame.complete;
    connection_id_ = frame.connection_id;
    if (goes_on || in_block_) {
      return true;  // part of a block
    }
    parser_.reset();
    parser_.push(frame.raw);
    while (const auto parsed = parser_.next()) {
      if (parsed->kind != sse::Parsed::Kind::message) {
        continue;
      }
      const auto edited = editor_.next(parsed->message.event, parsed->message.data);
      if (edited.left_out) {
        return false;
      }
      if (edited.changed) {
        raw_ = sse::with_data(frame.raw, edited.payload);
        frame.raw = raw_;
      }
      return true;  // a block has one message
    }
    return true;
  }

  std::unique_ptr<port::FrameSource> source_;
  std::shared_ptr<event::EventEdits> edits_;
  event::EventEditor editor_;
  sse::MessageParser parser_;
  std::string raw_;
  std::uint32_t connection_id_ = 0;
  bool in_block_ = false;
};

}  // namespace

void warn_of_unknown_event(const std::string& option, const std::string& event) {
  if (event::find_wire_shape(event) == nullptr) {
    say("--" + option + ": no event of the catalogue is called '" + event +
        "'; 'tapedeck schema' lists them");
  }
}

void add_edit_options(Options& options) {
  const auto text = [](const char* name) { return po::value<Texts>()->value_name(name); };
  options.add()("only", text("KEY=VALUE"),
                "leave out what is about another event, room or participant: event=NAME, "
                "room=UUID (or main), participant=UUID (or a display name); repeat it for more")(
      "omit", text("KEY=VALUE"), "leave out what is about this one, likewise")(
      "rename", text("OLD=NEW"),
      "give a participant another name; OLD is their uuid or display name")(
      "set", text("EVENT.FIELD=JSON"),
      "give a field another value: a key or an index after each dot, * for all, or a JSON Pointer; "
      "choices come first and go by what is on the tape, then renames, then fields");
}

Result<std::shared_ptr<event::EventEdits>> read_edits(const Values& values) {
  auto edits = std::make_shared<event::EventEdits>();
  for (const auto& read :
       {read_choice(values, "only", edits->only), read_choice(values, "omit", edits->omit),
        read_renames(values, edits->renames), read_sets(values, edits->sets)}) {
    if (!read) {
      return fail(read.error());
    }
  }
  return edits->empty() ? nullptr : edits;
}

std::unique_ptr<port::FrameSource> edited(std::unique_ptr<port::FrameSource> source,
                                          std::shared_ptr<event::EventEdits> edits) {
  if (!edits) {
    return source;
  }
  return std::make_unique<EditedSource>(std::move(source), std::move(edits));
}

namespace {

/// A sentence for each of what --only or --omit chose that there was not.
void say_what_was_not_met(const char* option, const event::EventChoice& choice,
                          const event::MetChoice& met) {
  const auto say_of = [&](const std::string& what) {
    say("--" + std::string(option) + ": " + what);
  };
  for (const std::string& event : choice.events) {
    if (!met.events.contains(event)) {
      say_of("no " + event + " was there");
    }
  }
  for (const std::string& room : choice.rooms) {
    if (!met.rooms.contains(room)) {
      say_of("nothing was there of a room '" + room + "'");
    }
  }
  for (const std::string& who : choice.participants) {
    if (!met.participants.contains(who)) {
      say_of("nobody was there whose uuid or display name is '" + who + "'");
    }
  }
}

}  // namespace

void say_what_was_not_edited(const event::EventEdits* edits) {
  if (edits == nullptr) {
    return;
  }
  say_what_was_not_met("only", edits->only, edits->met);
  say_what_was_not_met("omit", edits->omit, edits->met);
  for (const event::Rename& rename : edits->renames) {
    if (rename.done == 0) {
      say("--rename: nobody was played whose uuid or display name is '" + rename.who + "'");
    }
  }
  for (const event::SetField& set : edits->sets) {
    if (set.done == 0) {
      say("--set: no " + set.event + " was played that has such a place");
    }
  }
}

}  // namespace tapedeck::cli
