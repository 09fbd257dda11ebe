#include "cli/journal_file.hpp"

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <variant>

#include <fcntl.h>
#include <unistd.h>

#include "core/base/json_writer.hpp"

namespace tapedeck::cli {
namespace {

/// The members that each kind of entry has beside the common ones.
struct Members {
  JsonWriter& json;

  void operator()(const replayer::RequestAnswered& answered) const {
    json.member("what", "answer")
        .member("method", answered.method)
        .member("path", answered.path)
        .member("status", std::int64_t{answered.status});
  }
  void operator()(const replayer::StreamOpened& opened) const {
    json.member("what", "open")
        .member("alias", opened.who.alias)
        .member("participant_uuid", opened.who.participant_uuid);
  }
  void operator()(const replayer::FrameSent& sent) const {
    json.member("what", "frame").member("raw", sent.raw);
    if (!sent.complete) {
      json.key("complete").boolean(false);
    }
  }
  void operator()(const replayer::StreamClosed& closed) const {
    json.member("what", "close").member("by", closed.by_server ? "node" : "client");
  }
};

}  // namespace

Result<std::unique_ptr<JournalFile>> JournalFile::create(const std::string& path, bool overwrite) {
  const int if_there = overwrite ? O_TRUNC : O_EXCL;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | if_there, 0666);
  if (fd < 0 && errno == EEXIST) {
    return fail_io("'" + path + "' exists; --overwrite replaces it");
  }
  if (fd < 0) {
    return fail_io("cannot make '" + path + "': " + std::generic_category().message(errno));
  }
  return std::unique_ptr<JournalFile>(new JournalFile(fd, "'" + path + "'"));
}

JournalFile::~JournalFile() {
  ::close(fd_);
}

void JournalFile::note(const replayer::JournalEntry& entry) {
  if (!written_) {
    return;
  }
  JsonWriter json(output_.buffer());
  json.begin_object().member("t_ns", entry.now_ns);
  if (entry.stream != 0) {
    json.member("stream", entry.stream);
  }
  std::visit(Members{json}, entry.what);
  json.end_object();
  output_.buffer() += '\n';
  written_ = output_.written();
}

void JournalFile::note(const ComparedCommand& command, std::int64_t now_ns) {
  if (!written_) {
    return;
  }
  JsonWriter json(output_.buffer());
  json.begin_object()
      .member("t_ns", now_ns)
      .member("what", "command")
      .member("join", command.join)
      .member("path", command.path)
      .member("at_ns", command.at_ns)
      .key("recorded");
  if (command.recorded) {
    json.begin_object()
        .member("at_ns", command.recorded->at_ns)
        .key("same_body")
        .boolean(command.recorded->same_body)
        .end_object();
  } else {
    json.null();
  }
  json.member("effect", name_of(command.effect));
  if (command.effect == ComparedCommand::Effect::later) {
    json.member("effect_ns", command.effect_ns);
  }
  if (command.refused) {
    json.key("refused").boolean(true);
  }
  json.end_object();
  output_.buffer() += '\n';
  written_ = output_.written();
}

Result<void> JournalFile::finish() {
  if (written_) {
    written_ = output_.flush();
  }
  return written_;
}

}  // namespace tapedeck::cli
