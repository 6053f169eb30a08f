# sluice_library(name DEPENDS lib...): one static library per top-level folder.
# Sources are added where they lie, by target_sources in each subfolder.
function(sluice_library name)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_library(sluice_${name} STATIC)
  target_include_directories(sluice_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(sluice_${name} PUBLIC ${arg_DEPENDS})
endfunction()

# sluice_test(name SOURCES file... LIBS lib... [LABELS label...] [TIMEOUT s])
# One Boost.Test program, registered with ctest under its own name. Tests run
# in the source tree's root, so data is found at tests/data and
# examples/models; SLUICE_BIN names the built sluice program.
function(sluice_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${arg_LIBS}
                        Boost::unit_test_framework)
  target_compile_definitions(test_${name} PRIVATE BOOST_TEST_DYN_LINK)
  # The module's name brings main with it, so only one source has it.
  list(GET arg_SOURCES 0 first_source)
  set_property(SOURCE ${first_source} APPEND PROPERTY
               COMPILE_DEFINITIONS BOOST_TEST_MODULE=${name})
  add_test(NAME ${name} COMMAND test_${name} --log_level=test_suite --color_output=no
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT}
    LABELS "${arg_LABELS}"
    ENVIRONMENT "SLUICE_BIN=${CMAKE_BINARY_DIR}/apps/sluice/sluice")
endfunction()
