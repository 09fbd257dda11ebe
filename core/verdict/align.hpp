// Aligns two sequences so that what was inserted or deleted does not make the rest differ.
//
// Equal ends are taken off, then what occurs once in both parts anchors the alignment (patience),
// and what is left between anchors is aligned by Myers' shortest edit script. Memory is linear in
// the sequences; an edit script longer than `edits_max` is not looked for: the part counts as
// replaced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tapedeck::verdict {

/// A part in which the sequences differ: [a_begin, a_end) of one stands against [b_begin, b_end) of
/// the other. Not both are empty.
struct Hunk {
  std::size_t a_begin = 0;
  std::size_t a_end = 0;
  std::size_t b_begin = 0;
  std::size_t b_end = 0;

  friend bool operator==(const Hunk&, const Hunk&) = default;
};

/// The parts that differ, in order; nothing where the sequences are equal. Between two of them lies
/// at least one common element.
[[nodiscard]] std::vector<Hunk> align(std::span<const std::uint64_t> a,
                                      std::span<const std::uint64_t> b,
                                      std::size_t edits_max = 1024);

/// Takes `parts` that differ apart: what is equal in `a` and `b`, which say less than the sequences
/// that the parts are of, becomes a part of its own with one element of each. The cost is that of
/// `align` over the parts.
[[nodiscard]] std::vector<Hunk> pair_up(std::span<const Hunk> parts,
                                        std::span<const std::uint64_t> a,
                                        std::span<const std::uint64_t> b);

}  // namespace tapedeck::verdict
