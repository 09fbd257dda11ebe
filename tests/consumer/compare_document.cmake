# docs/LIBRARY.md shows the files of the example as they are. Run by ctest with `cmake -P`.
file(READ "${source}/docs/LIBRARY.md" document)
foreach(file CMakeLists.txt meeting_test.cpp replay_test.cpp)
  file(READ "${source}/tests/consumer/example/${file}" code)
  string(FIND "${document}" "\n${code}```\n" position)
  if(position EQUAL -1)
    message(SEND_ERROR "docs/LIBRARY.md differs from tests/consumer/example/${file}")
  endif()
endforeach()
