# Finds the C++ Actor Framework: target CAF::core.
# Debian's libcaf-dev installs headers and libraries without package files.
# CAF_ROOT, where given, is looked at first: tools/instrumented-caf builds one.
find_path(CAF_INCLUDE_DIR caf/all.hpp)
find_library(CAF_core_LIBRARY caf_core)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_core_LIBRARY
                                  CAF_INCLUDE_DIR)

# Without its atomics thread sanitizer takes every message for a race, and
# silencing these would silence the actors' own.
if(CAF_FOUND AND SLUICE_SANITIZE MATCHES thread)
  cmake_path(IS_PREFIX CAF_ROOT "${CAF_core_LIBRARY}" instrumented)
  if(NOT instrumented)
    message(FATAL_ERROR "Thread sanitizer needs an instrumented CAF, and "
      "${CAF_core_LIBRARY} is not. Run `tools/instrumented-caf thread "
      "build/caf-tsan`, then cmake --fresh.")
  endif()
endif()

if(CAF_FOUND AND NOT TARGET CAF::core)
  add_library(CAF::core UNKNOWN IMPORTED)
  set_target_properties(CAF::core PROPERTIES
    IMPORTED_LOCATION ${CAF_core_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR})
  target_link_libraries(CAF::core INTERFACE Threads::Threads)
endif()
