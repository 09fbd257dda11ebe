// Whole files, for the targets whose inputs become one.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace tapedeck::fuzz {

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace tapedeck::fuzz
