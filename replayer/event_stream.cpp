#include "replayer/event_stream.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "replayer/limits.hpp"
#include "replayer/steady_clock.hpp"

namespace tapedeck::replayer {

namespace asio = boost::asio;

namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

std::size_t cost(const Piece& piece) {
  return piece->size() + limits::stream_piece_cost;
}

asio::const_buffer buffer_of(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

EventStream::EventStream(ClientSocket socket, bool chunked, std::chrono::milliseconds linger,
                         bool apart)
    : socket_(std::move(socket)),
      linger_timer_(socket_.get_executor()),
      linger_(linger),
      chunked_(chunked),
      apart_(apart) {}

std::shared_ptr<EventStream> EventStream::open(ClientSocket socket, std::string head, bool chunked,
                                               std::chrono::milliseconds linger, bool apart) {
  std::shared_ptr<EventStream> stream(new EventStream(std::move(socket), chunked, linger, apart));
  stream->head_ = std::move(head);
  stream->write();
  return stream;
}

bool EventStream::send(const Piece& piece) {
  if (!open_ || finishing()) {
    return false;
  }
  queue_.push_back(piece);
  queued_bytes_ += cost(piece);
  if (!writing_) {
    write();
  }
  return true;
}

void EventStream::finish() {
  end(Ending::whole);
}

void EventStream::break_off() {
  end(Ending::broken);
}

void EventStream::end(Ending ending) {
  if (!open_ || finishing()) {
    return;
  }
  ending_ = ending;
  if (!writing_) {
    write();
  }
}

bool EventStream::abort() {
  if (!open_) {
    return false;
  }
  aborted_ = true;
  socket_.reset();
  close();
  return true;
}

asio::awaitable<void> EventStream::until_closed() {
  const auto self = shared_from_this();
  while (open_) {
    // A client has nothing to say on an event stream; what it says anyway is not heard.
    const auto [error, count] = co_await socket_.async_read_some(
        asio::buffer(ignored_), asio::as_tuple(asio::use_awaitable));
    if (error) {
      break;
    }
  }
  close();
}

void EventStream::write() {
  gather();
  writing_ = true;
  progress_ns_ = steady_now_ns();
  const auto until_all = [this](const boost::system::error_code& error, std::size_t count) {
    progress_ns_ = steady_now_ns();
    write_done_bytes_ = count;
    return error ? 0 : std::numeric_limits<std::size_t>::max();
  };
  asio::async_write(
      socket_, std::span<const asio::const_buffer>(buffers_), until_all,
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t count) {
        self->write_done_bytes_ = count;
        self->on_written(error);
      });
}

std::uint64_t EventStream::sent_bytes() const {
  const std::size_t past_lead = write_done_bytes_ - std::min(write_done_bytes_, write_lead_bytes_);
  return sent_bytes_ + std::min(past_lead, write_body_bytes_);
}

/// Takes what the next write sends out of the queue.
void EventStream::take_queued() {
  written_.clear();
  if (!apart_ || queue_.size() <= 1) {
    written_.swap(queue_);
    writing_bytes_ = std::exchange(queued_bytes_, 0);
    return;
  }
  written_.push_back(std::move(queue_.front()));
  queue_.pop_front();
  writing_bytes_ = cost(written_.front());
  queued_bytes_ -= writing_bytes_;
}

/// Makes one write: one chunk.
void EventStream::gather() {
  sent_bytes_ = sent_bytes();
  write_done_bytes_ = 0;
  take_queued();
  const std::size_t body_bytes = writing_bytes_ - written_.size() * limits::stream_piece_cost;
  buffers_.clear();
  buffers_.push_back(buffer_of(head_));
  if (chunked_ && body_bytes > 0) {
    std::array<char, 2 * sizeof(std::size_t)> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), body_bytes, 16);
    chunk_size_.assign(digits.data(), end);
    chunk_size_ += line_end;
    buffers_.push_back(buffer_of(chunk_size_));
  }
  write_lead_bytes_ = head_.size() + (buffers_.size() == 2 ? chunk_size_.size() : 0);
  write_body_bytes_ = body_bytes;
  for (const Piece& piece : written_) {
    buffers_.push_back(buffer_of(*piece));
  }
  if (chunked_ && body_bytes > 0) {
    buffers_.push_back(buffer_of(line_end));
  }
  if (finishing() && queue_.empty()) {
    last_written_ = true;
    if (chunked_ && ending_ == Ending::whole) {
      buffers_.push_back(buffer_of(last_chunk));
    }
  }
}

void EventStream::on_written(const boost::system::error_code& error) {
  writing_ = false;
  writing_bytes_ = 0;
  written_.clear();
  head_.clear();
  if (error) {
    close();
  } else if (last_written_) {
    // The client closes when it has read the end; if it does not, we do.
    if (ending_ == Ending::whole) {
      socket_.async_end_sending([self = shared_from_this()](const boost::system::error_code&) {});
    } else {
      socket_.break_sending();
    }
    linger_timer_.expires_after(linger_);
    linger_timer_.async_wait(
        [self = shared_from_this()](const boost::system::error_code& cancelled) {
          if (!cancelled) {
            self->close();
          }
        });
  } else if (open_ && (finishing() || !queue_.empty())) {
    write();
  }
  on_progress_();
}

void EventStream::close() {
  if (!std::exchange(open_, false)) {
    return;
  }
  linger_timer_.cancel();
  queue_.clear();
  queued_bytes_ = 0;
  socket_.close();
}

}  // namespace tapedeck::replayer
