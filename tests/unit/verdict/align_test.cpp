#include "core/verdict/align.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

namespace tapedeck::verdict {
namespace {

using Sequence = std::vector<std::uint64_t>;

/// Length of the shortest edit script by the textbook table.
std::size_t naive_edits(const Sequence& a, const Sequence& b) {
  std::vector<std::vector<std::size_t>> best(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        best[i][j] = i + j;
      } else if (a[i - 1] == b[j - 1]) {
        best[i][j] = best[i - 1][j - 1];
      } else {
        best[i][j] = 1 + std::min(best[i - 1][j], best[i][j - 1]);
      }
    }
  }
  return best[a.size()][b.size()];
}

std::size_t edits_of(const std::vector<Hunk>& hunks) {
  std::size_t edits = 0;
  for (const Hunk& hunk : hunks) {
    edits += (hunk.a_end - hunk.a_begin) + (hunk.b_end - hunk.b_begin);
  }
  return edits;
}

/// Whether what lies outside the hunks is the same in both, and the hunks stand apart, in order.
void expect_sound(const Sequence& a, const Sequence& b, const std::vector<Hunk>& hunks) {
  std::size_t i = 0;
  std::size_t j = 0;
  for (std::size_t n = 0; n <= hunks.size(); ++n) {
    const Hunk part = n < hunks.size() ? hunks[n] : Hunk{a.size(), a.size(), b.size(), b.size()};
    ASSERT_GE(part.a_begin, i);
    ASSERT_EQ(part.a_begin - i, part.b_begin - j);
    ASSERT_TRUE(n == 0 || n == hunks.size() || part.a_begin > i) << "hunks touch";
    ASSERT_TRUE(std::equal(a.begin() + static_cast<std::ptrdiff_t>(i),
                           a.begin() + static_cast<std::ptrdiff_t>(part.a_begin),
                           b.begin() + static_cast<std::ptrdiff_t>(j)));
    ASSERT_TRUE(n == hunks.size() || part.a_end > part.a_begin || part.b_end > part.b_begin);
    i = part.a_end;
    j = part.b_end;
  }
}

TEST(Align, EqualSequencesHaveNoHunk) {
  EXPECT_TRUE(align(Sequence{}, Sequence{}).empty());
  EXPECT_TRUE(align(Sequence{1, 2, 2, 3}, Sequence{1, 2, 2, 3}).empty());
}

TEST(Align, WhatIsMissingOnOneSideIsOneHunk) {
  EXPECT_EQ(align(Sequence{1, 2, 3, 4}, Sequence{1, 4}), (std::vector<Hunk>{{1, 3, 1, 1}}));
  EXPECT_EQ(align(Sequence{}, Sequence{1, 2}), (std::vector<Hunk>{{0, 0, 0, 2}}));
  EXPECT_EQ(align(Sequence{1}, Sequence{}), (std::vector<Hunk>{{0, 1, 0, 0}}));
}

TEST(Align, AnInsertionDoesNotMakeTheRestDiffer) {
  EXPECT_EQ(align(Sequence{1, 2, 3, 4, 5, 6}, Sequence{1, 9, 2, 3, 8, 5, 6}),
            (std::vector<Hunk>{{1, 1, 1, 2}, {3, 4, 4, 5}}));
}

TEST(Align, FindsExactlyTheEditedElements) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Sequence a(300);
    for (std::size_t i = 0; i < a.size(); ++i) {
      a[i] = i;
    }
    // Edits stand apart, so that each is a hunk of its own.
    Sequence b;
    std::vector<Hunk> edits;
    std::uint64_t fresh = 1000;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const bool room = edits.empty() ? i > 0 : i > edits.back().a_end + 1;
      const std::size_t at = b.size();
      switch (room ? random() % 40 : 99U) {
        case 0:  // deleted
          edits.push_back({i, i + 1, at, at});
          break;
        case 1:  // inserted before
          b.push_back(fresh++);
          b.push_back(a[i]);
          edits.push_back({i, i, at, at + 1});
          break;
        case 2:  // replaced
          b.push_back(fresh++);
          edits.push_back({i, i + 1, at, at + 1});
          break;
        default:
          b.push_back(a[i]);
      }
    }
    EXPECT_EQ(align(a, b), edits);
  }
}

TEST(Align, IsSoundWhateverTheSequencesHold) {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto make = [&](std::size_t size, std::uint64_t letters) {
      Sequence made(size);
      std::ranges::generate(made, [&] { return random() % letters; });
      return made;
    };
    const std::uint64_t letters = 1 + random() % 12;
    const Sequence a = make(random() % 60, letters);
    const Sequence b = make(random() % 60, letters);
    expect_sound(a, b, align(a, b));
    expect_sound(a, b, align(a, b, random() % 10));
  }
}

TEST(Align, FindsAShortestScriptWhereNothingOccursOnce) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Sequence a;
    Sequence b;
    for (unsigned i = 0; i < 20; ++i) {
      a.insert(a.end(), 2, random() % 3);
      b.insert(b.end(), 2, random() % 3);
    }
    ASSERT_EQ(edits_of(align(a, b)), naive_edits(a, b));
  }
}

TEST(Align, APartWithMoreEditsThanAskedForCountsAsReplaced) {
  const Sequence a{7, 1, 1, 2, 2, 8};
  const Sequence b{7, 2, 2, 1, 1, 8};
  EXPECT_EQ(edits_of(align(a, b)), 4U);
  EXPECT_EQ(align(a, b, 3), (std::vector<Hunk>{{1, 5, 1, 5}}));
}

TEST(PairUp, MakesWhatIsAlikeAPartOfItsOwn) {
  const Sequence a{9, 1, 2, 9};
  const Sequence b{9, 5, 1, 6, 2, 9};
  EXPECT_EQ(pair_up(std::vector<Hunk>{{1, 3, 1, 5}}, a, b),
            (std::vector<Hunk>{{1, 1, 1, 2}, {1, 2, 2, 3}, {2, 2, 3, 4}, {2, 3, 4, 5}}));
  EXPECT_EQ(pair_up(std::vector<Hunk>{{1, 1, 1, 5}, {1, 2, 1, 2}}, a, b),
            (std::vector<Hunk>{{1, 1, 1, 5}, {1, 2, 1, 2}}));
}

TEST(PairUp, CoversItsPartsInOrder) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto letters = 2 + random() % 20;
    Sequence a(random() % 40);
    Sequence b(random() % 40);
    std::ranges::generate(a, [&] { return random() % letters; });
    std::ranges::generate(b, [&] { return random() % letters; });
    std::size_t i = 0;
    std::size_t j = 0;
    const Hunk whole{0, a.size(), 0, b.size()};
    for (const Hunk& part : pair_up(std::vector<Hunk>{whole}, a, b)) {
      EXPECT_EQ(part.a_begin, i);
      EXPECT_EQ(part.b_begin, j);
      i = part.a_end;
      j = part.b_end;
    }
    EXPECT_EQ(i, a.size());
    EXPECT_EQ(j, b.size());
  }
}

}  // namespace
}  // namespace tapedeck::verdict
