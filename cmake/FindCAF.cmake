# Finds the C++ Actor Framework: targets CAF::core, CAF::io and CAF::openssl.
# Debian's libcaf-dev installs headers and libraries without package files.
find_path(CAF_INCLUDE_DIR caf/all.hpp)
foreach(part core io openssl)
  find_library(CAF_${part}_LIBRARY caf_${part})
  list(APPEND CAF_LIBRARIES CAF_${part}_LIBRARY)
endforeach()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_INCLUDE_DIR
                                  ${CAF_LIBRARIES})
if(CAF_FOUND AND NOT TARGET CAF::core)
  foreach(part core io openssl)
    add_library(CAF::${part} UNKNOWN IMPORTED)
    set_target_properties(CAF::${part} PROPERTIES
      IMPORTED_LOCATION ${CAF_${part}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${CAF_INCLUDE_DIR})
  endforeach()
  target_link_libraries(CAF::core INTERFACE Threads::Threads)
  target_link_libraries(CAF::io INTERFACE CAF::core)
  target_link_libraries(CAF::openssl INTERFACE CAF::io OpenSSL::SSL)
endif()
