// The body of one event stream on its way to one client.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>

#include "replayer/client_socket.hpp"

namespace tapedeck::replayer {

/// Part of a body, shared by all streams that it is sent on.
using Piece = std::shared_ptr<const std::string>;

class EventStream final : public std::enable_shared_from_this<EventStream> {
 public:
  /// Sends `head`, the response's status line and header, at once. `chunked`: the body goes out in
  /// chunks; otherwise it ends with the connection. `linger`: so long after the end of the body
  /// the connection is closed, if the client has not done so. `apart`: each piece is a write, and
  /// a chunk, of its own.
  static std::shared_ptr<EventStream> open(ClientSocket socket, std::string head, bool chunked,
                                           std::chrono::milliseconds linger, bool apart = false);

  /// Queues a piece. What is queued while a write is under way goes out together in the next,
  /// unless pieces are to be apart.
  /// False: the stream has ended or is about to.
  bool send(const Piece& piece);

  /// Ends the body as HTTP says, after what is queued.
  void finish();

  /// Ends the connection after what is queued, and the body in its middle.
  void break_off();

  /// Ends the connection now; what is unsent is lost, and the client can tell. False: it had
  /// ended already.
  bool abort();

  /// Returns when the connection is closed, by whichever side.
  boost::asio::awaitable<void> until_closed();

  /// What is queued or being written, with what its place in the queue costs.
  [[nodiscard]] std::size_t unsent_bytes() const { return queued_bytes_ + writing_bytes_; }
  /// Bytes of the body that the connection has taken so far.
  [[nodiscard]] std::uint64_t sent_bytes() const;
  [[nodiscard]] bool finishing() const { return ending_ != Ending::none; }
  /// It was not the client who ended it.
  [[nodiscard]] bool ended_here() const { return finishing() || aborted_; }
  /// It ended in the middle, and not by the client.
  [[nodiscard]] bool broken_here() const { return ending_ == Ending::broken || aborted_; }

  /// A write is under way in which the client has taken nothing since `since_ns`.
  [[nodiscard]] bool stalled_since(std::int64_t since_ns) const {
    return writing_ && progress_ns_ < since_ns;
  }

  /// Called after every write.
  void on_progress(std::function<void()> handler) { on_progress_ = std::move(handler); }

 private:
  EventStream(ClientSocket socket, bool chunked, std::chrono::milliseconds linger, bool apart);

  enum class Ending { none, whole, broken };

  void end(Ending ending);
  void write();
  void take_queued();
  void gather();
  void on_written(const boost::system::error_code& error);
  void close();

  ClientSocket socket_;
  boost::asio::steady_timer linger_timer_;
  std::chrono::milliseconds linger_;
  bool chunked_;
  bool apart_;
  bool open_ = true;
  Ending ending_ = Ending::none;
  bool aborted_ = false;
  bool last_written_ = false;
  bool writing_ = false;
  std::int64_t progress_ns_ = 0;
  std::deque<Piece> queue_;
  std::size_t queued_bytes_ = 0;
  std::deque<Piece> written_;  ///< the pieces of the write that is under way
  std::size_t writing_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;      ///< of the body, in the writes before this one
  std::size_t write_lead_bytes_ = 0;  ///< of this write, before its part of the body
  std::size_t write_body_bytes_ = 0;
  std::size_t write_done_bytes_ = 0;
  std::string head_;
  std::string chunk_size_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::array<char, 512> ignored_{};
  std::function<void()> on_progress_ = [] {};
};

}  // namespace tapedeck::replayer
