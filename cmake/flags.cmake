# One private INTERFACE target carries the flags of every tapedeck target.
add_library(tapedeck_flags INTERFACE)
target_compile_features(tapedeck_flags INTERFACE cxx_std_20)
target_include_directories(tapedeck_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(tapedeck_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
                                                -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # A false alarm about `"text" + string` when optimising (GCC bug 105651).
  target_compile_options(tapedeck_flags INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND TAPEDECK_SANITIZE MATCHES "thread")
  # The sanitizer does not know the fences of Asio, which GCC warns of.
  target_compile_options(tapedeck_flags INTERFACE -Wno-tsan)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND TAPEDECK_SANITIZE)
  # What a sanitizer puts in between makes false alarms of warnings that follow the flow of data; the
  # other builds have them.
  target_compile_options(tapedeck_flags INTERFACE -Wno-maybe-uninitialized
                                                  -Wno-mismatched-new-delete)
endif()
if(TAPEDECK_WARNINGS_AS_ERRORS)
  target_compile_options(tapedeck_flags INTERFACE -Werror)
endif()

# Line tables are enough for a backtrace, and keep the link of a debug build short.
set(CMAKE_CXX_FLAGS_DEBUG "-g1 -O0")
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)

if(TAPEDECK_SANITIZE)
  # What a sanitizer adds is several times as slow where nothing is optimised.
  set(CMAKE_CXX_FLAGS_DEBUG "-g1 -O1")
  add_compile_options(-fsanitize=${TAPEDECK_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TAPEDECK_SANITIZE})
endif()

if(TAPEDECK_FUZZ)
  # clang 14 cannot assemble a coroutine with the check of function types.
  add_compile_options(-fsanitize=fuzzer-no-link -fno-sanitize=function)
endif()
if(TAPEDECK_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

# A unity build parses the headers that sources share once, which is most of what compiling them takes.
# Off, a change of one source compiles no other, and the optimizer decides for each source by itself:
# together, the decoder lost a quarter of its speed.
set(unity_default OFF)
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(unity_default ON)
endif()
option(TAPEDECK_UNITY "Compile the sources of a target several at once" ${unity_default})
if(TAPEDECK_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # It warns of what the unnamed namespace of an included file holds, as every one is then.
  target_compile_options(tapedeck_flags INTERFACE -Wno-subobject-linkage)
endif()

# tapedeck_unity(TARGET): its sources may be compiled several at once.
function(tapedeck_unity target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${TAPEDECK_UNITY}
                                             UNITY_BUILD_BATCH_SIZE 8)
endfunction()

# tapedeck_library(NAME SOURCES file... DEPENDS target... PRIVATE_DEPENDS target...)
# A static library tapedeck_NAME, known to its users as tapedeck::NAME.
function(tapedeck_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  if(arg_SOURCES)
    add_library(tapedeck_${name} STATIC ${arg_SOURCES})
    target_include_directories(tapedeck_${name}
                               PUBLIC "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
    target_compile_features(tapedeck_${name} PUBLIC cxx_std_20)
    target_link_libraries(tapedeck_${name} PUBLIC ${arg_DEPENDS}
                          PRIVATE $<BUILD_INTERFACE:tapedeck_flags> ${arg_PRIVATE_DEPENDS})
    tapedeck_unity(tapedeck_${name})
  else()
    add_library(tapedeck_${name} INTERFACE)
    target_include_directories(tapedeck_${name}
                               INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>")
    target_link_libraries(tapedeck_${name} INTERFACE ${arg_DEPENDS})
  endif()
  set_target_properties(tapedeck_${name} PROPERTIES EXPORT_NAME ${name})
  add_library(tapedeck::${name} ALIAS tapedeck_${name})
endfunction()
