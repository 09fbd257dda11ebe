# Installs a build, moves what was installed elsewhere, and builds and tests the project beside this
# file against it. Run by ctest with `cmake -P`; all work is done in BUILD/consumer.
foreach(variable build source config generator compiler)
  if(NOT DEFINED ${variable} OR "${${variable}}" STREQUAL "")
    message(FATAL_ERROR "-D ${variable}=... is missing")
  endif()
endforeach()
set(work "${build}/consumer")
set(prefix "${work}/moved")
file(REMOVE_RECURSE "${work}")

# run(WHAT COMMAND...): what the command printed is shown when it fails, and ends the test.
function(run what)
  execute_process(
    COMMAND ${ARGN}
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${what} failed:\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run("the installation" "${CMAKE_COMMAND}" --install "${build}" --config "${config}" --prefix
    "${work}/installed")
# A package that only works where it was built is none.
file(RENAME "${work}/installed" "${prefix}")

file(GLOB_RECURSE package_files "${prefix}/*.cmake")
foreach(file IN LISTS package_files)
  file(READ "${file}" text)
  foreach(folder "${source}" "${build}" "${work}/installed")
    string(FIND "${text}" "${folder}" position)
    if(NOT position EQUAL -1)
      message(FATAL_ERROR "${file} names ${folder}")
    endif()
  endforeach()
endforeach()

# The public headers need nothing that is not public.
file(GLOB_RECURSE headers RELATIVE "${prefix}/include" "${prefix}/include/*.hpp")
set(all_headers "")
foreach(header IN LISTS headers)
  file(STRINGS "${prefix}/include/${header}" includes REGEX "^#include \"")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "^#include \"(.*)\".*" "\\1" include "${include}")
    if(NOT EXISTS "${prefix}/include/${include}")
      message(FATAL_ERROR "${header} includes ${include}, which is not installed")
    endif()
  endforeach()
  string(APPEND all_headers "#include <${header}>\n")
endforeach()
file(WRITE "${work}/all_headers.cpp" "${all_headers}")

set(flags "")
if(NOT "${sanitize}" STREQUAL "")
  set(flags "-fsanitize=${sanitize} -fno-sanitize-recover=all")
endif()
run("configuring the consumer"
    "${CMAKE_COMMAND}"
    -S "${CMAKE_CURRENT_LIST_DIR}/project"
    -B "${work}/build"
    -G "${generator}"
    "-DCMAKE_BUILD_TYPE=${config}"
    "-DCMAKE_CXX_COMPILER=${compiler}"
    "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}"
    "-DCMAKE_CXX_FLAGS=${flags}"
    "-DCMAKE_PREFIX_PATH=${prefix}"
    "-DALL_HEADERS=${work}/all_headers.cpp")
run("building the consumer" "${CMAKE_COMMAND}" --build "${work}/build" --config "${config}")
run("testing the consumer" "${CMAKE_CTEST_COMMAND}" --test-dir "${work}/build" -C "${config}"
    --output-on-failure --no-tests=error)
message("${output}")
