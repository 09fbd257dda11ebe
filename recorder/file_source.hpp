// A body from a file, a FIFO or stdin: one connection that ends where the file does.
//
// Each read is handed on as it came, so that what is piped in keeps its borders and its times.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "core/base/limits.hpp"
#include "core/base/result.hpp"
#include "recorder/source.hpp"

namespace tapedeck::recorder {

class EventLoop;

class FileSource final : public Source {
 public:
  /// `path` "-" is stdin. `loop` must outlive the source.
  FileSource(EventLoop& loop, std::string path);
  ~FileSource() override;

  [[nodiscard]] const std::string& name() const override { return name_; }
  void open(const std::string& last_event_id) override;
  [[nodiscard]] SourceEvent next(std::int64_t until_ns) override;
  void hold(bool held) override { held_ = held; }
  void close() override;

 private:
  struct Input;

  /// An open descriptor, or the reason why there is none.
  [[nodiscard]] Result<int> open_descriptor() const;
  [[nodiscard]] SourceEvent read();

  EventLoop& loop_;
  std::string path_;
  std::string name_;
  std::shared_ptr<Input> input_;
  SourceEvent outcome_;  ///< of `open`, until `next` has told it
  bool held_ = false;
  std::array<char, limits::read_bytes_max> buffer_{};
};

}  // namespace tapedeck::recorder
