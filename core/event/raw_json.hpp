// JSON as it stands in its text: where the parts of a value lie, so that one can be replaced and
// every other byte kept.
//
// Pure. The text must be what Decoder accepts; anything else aborts or gives parts that are none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tapedeck::event {

struct RawMember {
  std::string_view key;    ///< with its quotes
  std::string_view value;  ///< without space around it
};

/// The value itself, without space around it.
[[nodiscard]] std::string_view raw_value(std::string_view text);

/// The members of an object in the order of the text, duplicates too; none for another value.
[[nodiscard]] std::vector<RawMember> raw_members(std::string_view value);

/// The value of a member, of the last of that key, as JSON.parse has it; "" where there is none.
[[nodiscard]] std::string_view raw_member(std::string_view value, std::string_view key);

/// The items of an array; none for another value.
[[nodiscard]] std::vector<std::string_view> raw_items(std::string_view value);

/// What a string says; "" for another value.
[[nodiscard]] std::string string_of(std::string_view value);

/// Parts of a text to be replaced, none within another.
class Replacements {
 public:
  /// `part` lies in `text`, which must outlive this.
  explicit Replacements(std::string_view text) : text_(text) {}

  void replace(std::string_view part, std::string with);

  [[nodiscard]] bool empty() const { return parts_.empty(); }

  /// The text with all parts replaced.
  [[nodiscard]] std::string apply() const;

 private:
  struct Part {
    std::size_t at = 0;
    std::size_t size = 0;
    std::string with;
  };

  std::string_view text_;
  std::vector<Part> parts_;
};

/// Puts `json` where `path` leads in the value, and says whether it leads anywhere: a key of an
/// object, an index of an array, `*` for every member or item. A last key that is not there is
/// added to its object.
bool set_at(Replacements& text, std::string_view value, const std::vector<std::string>& path,
            std::string_view json);

/// The items of the array for which `leaves` is true are taken out, with their commas.
template <class Leaves>
void take_out(Replacements& text, std::string_view array, Leaves leaves) {
  std::string kept;
  bool any = false;
  for (const std::string_view item : raw_items(array)) {
    if (leaves(item)) {
      any = true;
    } else {
      kept += kept.empty() ? "" : ",";
      kept += item;
    }
  }
  if (any) {
    text.replace(array, '[' + kept + ']');
  }
}

}  // namespace tapedeck::event
