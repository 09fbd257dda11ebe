# tapedeck as a package: the libraries with their public headers, the command, and what
# find_package(tapedeck) reads.
#
# A header is installed as tapedeck/PATH, PATH being its place in the repository. Its includes of
# other headers get the same prefix on the way, so that the package needs no include folder with
# names as common as core/ in it.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# tapedeck_install(NAME FOLDER header...)
# Exports the library tapedeck::NAME with its public headers, given by their stems in FOLDER.
function(tapedeck_install name folder)
  install(
    TARGETS tapedeck_${name}
    EXPORT tapedeck
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  foreach(stem IN LISTS ARGN)
    set(header "${folder}/${stem}.hpp")
    set(prefixed "${PROJECT_BINARY_DIR}/install/${header}")
    install(
      CODE "
      file(READ \"${PROJECT_SOURCE_DIR}/${header}\" text)
      string(REGEX REPLACE \"(\\n#include \\\")\" \"\\\\1tapedeck/\" text \"\${text}\")
      file(WRITE \"${prefixed}.new\" \"\${text}\")
      file(COPY_FILE \"${prefixed}.new\" \"${prefixed}\" ONLY_IF_DIFFERENT)")
    install(FILES "${prefixed}"
            DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/tapedeck/${folder}")
  endforeach()
endfunction()

# What is public. A header that these include has to be among them; tests/consumer sees to that.
tapedeck_install(base core/base check iso_time join_defaults json_text json_writer limits random
                 rate result units utf8)
tapedeck_install(sse core/sse encoder frame_splitter line_scanner message message_parser)
tapedeck_install(port core/port clock frame frame_sink frame_source recording_sink virtual_clock)
tapedeck_install(event core/event catalogue decoder json_schema kind value wire_event wire_reader
                 wtf8)
tapedeck_install(state core/state client_policy derivation digest javascript join js_map
                 kept_payloads participant participant_json participant_rules plugin_events reducer
                 rest_call restore signal state state_json)
tapedeck_install(verdict core/verdict event_id examination expectation findings mask
                 plugin_event_counts rule shape_check tape_diff validator)
tapedeck_install(sim core/sim conference director node options participant payload
                 sim_source)
tapedeck_install(schema schema byte_digest tape_reader tape_writer)
tapedeck_install(replay replayer deck lateness looped_source message_reader paced_sink player
                 replay seamless_source tasks timeline)
tapedeck_install(testing testing failure_place json_part matchers playback tape)

install(
  TARGETS tapedeck
  EXPORT tapedeck
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
if(TAPEDECK_SYSTEMD_UNIT)
  # Not in the folder of libraries, which may be one of an architecture.
  install(FILES "${PROJECT_SOURCE_DIR}/packaging/tapedeck-record@.service"
          DESTINATION lib/systemd/system)
endif()

set(tapedeck_package "${CMAKE_INSTALL_LIBDIR}/cmake/tapedeck")
install(
  EXPORT tapedeck
  NAMESPACE tapedeck::
  FILE tapedeckTargets.cmake
  DESTINATION "${tapedeck_package}")
configure_package_config_file(
  cmake/tapedeckConfig.cmake.in "${PROJECT_BINARY_DIR}/install/tapedeckConfig.cmake"
  INSTALL_DESTINATION "${tapedeck_package}" NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change what is public.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/install/tapedeckConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/install/tapedeckConfig.cmake"
              "${PROJECT_BINARY_DIR}/install/tapedeckConfigVersion.cmake"
        DESTINATION "${tapedeck_package}")
