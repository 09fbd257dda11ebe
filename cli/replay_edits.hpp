// What a replay leaves out and what it changes: --only, --omit, --rename and --set.
#pragma once

#include <memory>
#include <string>

#include "cli/options.hpp"
#include "core/base/result.hpp"
#include "core/event/event_editor.hpp"
#include "core/port/frame_source.hpp"

namespace tapedeck::cli {

void add_edit_options(Options& options);

/// A mistake may hide behind the name of an event that nobody knows; a newer node may know it.
void warn_of_unknown_event(const std::string& option, const std::string& event);

/// Null where nothing is to be edited.
[[nodiscard]] Result<std::shared_ptr<event::EventEdits>> read_edits(const Values& values);

/// The frames of `source` with these edits, which count what was done; null: as they are. A frame
/// that no edit is about keeps its bytes, and so does one whose block is cut off or longer than a
/// frame; one that is edited keeps all lines but its data.
[[nodiscard]] std::unique_ptr<port::FrameSource> edited(std::unique_ptr<port::FrameSource> source,
                                                        std::shared_ptr<event::EventEdits> edits);

/// A sentence for each choice, each rename and each field that never was in what was played.
void say_what_was_not_edited(const event::EventEdits* edits);

}  // namespace tapedeck::cli
