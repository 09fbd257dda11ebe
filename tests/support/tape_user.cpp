#include "tests/support/tape_user.hpp"

#include "core/base/check.hpp"
#include "tests/support/tape_builder.hpp"

namespace tapedeck::test {
namespace {

class User {
 public:
  void use(const schema::TapeReader& tape) {
    take(tape.verify_bytes());
    take(tape.sessions());
    take(tape.connections());
    take(tape.gaps());
    take(tape.exchanges());
    take(tape.index_summary(1));
    take(tape.checkpoint_up_to(1000, 1));
    take(tape.checkpoint_from(1, 1));
    for (const schema::FrameRange& range :
         {schema::FrameRange{}, schema::FrameRange{.from_ns = 50, .until_ns = 100},
          schema::FrameRange{.connection_id = 2}}) {
      read_frames(tape, range);
    }
    if (const auto reads = tape.reads(1); take(reads)) {
      auto next = (*reads)->next();
      while (next && *next) {
        next = (*reads)->next();
      }
      take(next);
    }
  }

  template <class T>
  bool take(const Result<T>& result) {
    if (!result && (result.error().message.empty() ||
                    result.error().message.find('\n') != std::string::npos)) {
      complaint = "this is no sentence: " + result.error().message;
    }
    return result.has_value();
  }

  std::string complaint;

 private:
  void read_frames(const schema::TapeReader& tape, const schema::FrameRange& range) {
    const auto frames = tape.frames(range);
    if (!take(frames)) {
      return;
    }
    std::size_t bytes = 0;
    auto next = (*frames)->next();
    while (next && *next) {
      for (const char c : (*next)->raw) {  // every byte of it can be read
        bytes += c == 'x' ? 1U : 0U;
      }
      next = (*frames)->next();
    }
    take(next);
    if (bytes > 10'000'000) {
      complaint = "there is more on the tape than it can hold";
    }
  }
};

}  // namespace

void make_full_tape(const std::string& path) {
  TapeBuilder tape(path);
  tape.connect(5);
  for (std::int64_t i = 1; i <= 20; ++i) {
    tape.frame(i * 10, "data: " + std::string(static_cast<std::size_t>(i) * 20, 'x') + "\n\n");
  }
  tape.disconnect(300, port::ConnectionEnd::broken);
  const bool noted = tape.writer().note_gap({1, 300, 400, "reset"}) &&
                     tape.writer().note_exchange({1, 2, "POST", "/", "", "{}", 200, "", "{}"}) &&
                     tape.writer().set("self", "me");
  check(noted, "a tape for a test");
  tape.connect(400).frame(410, "data: y\n\n").finish();
}

std::string use_tape(const std::string& path) {
  User user;
  if (const auto tape = schema::TapeReader::open(path); user.take(tape)) {
    user.use(**tape);
  }
  return user.complaint;
}

}  // namespace tapedeck::test
