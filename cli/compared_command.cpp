#include "cli/compared_command.hpp"

namespace tapedeck::cli {

std::string_view name_of(ComparedCommand::Effect effect) {
  switch (effect) {
    case ComparedCommand::Effect::unknown:
      return "unknown";
    case ComparedCommand::Effect::already:
      return "already";
    case ComparedCommand::Effect::later:
      return "later";
    case ComparedCommand::Effect::never:
      return "never";
  }
  return {};
}

std::string sentence(const ComparedCommand& command) {
  std::string text = command.text + " at " + format_duration(command.at_ns) +
                     (command.refused ? ", refused to a guest: " : ": ");
  const bool effect_is_known = command.effect != ComparedCommand::Effect::unknown;
  if (!command.tape_has_calls) {
    text += effect_is_known ? "" : "the tape has no calls of the recorded client";
  } else if (!command.recorded) {
    text += "the recorded client did not";
  } else {
    text += "the recorded client did so at " + format_duration(command.recorded->at_ns);
    text += command.recorded->same_body ? "" : " with another body";
  }
  text += command.tape_has_calls && effect_is_known ? "; " : "";
  using enum ComparedCommand::Effect;
  switch (command.effect) {
    case unknown:
      break;
    case already:
      text += "on the recording it is so already";
      break;
    case later:
      text += "on the recording it is so at " + format_duration(command.effect_ns);
      break;
    case never:
      text += "on the recording it is not so within " + format_duration(command_effect_ns_max);
      break;
  }
  return text;
}

}  // namespace tapedeck::cli
