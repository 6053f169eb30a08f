# cmake --install: the library, its headers, the CMake package, the pkg-config
# file and the program. Everything finds itself from where it lies, so that the
# tree can be moved.
include(CMakePackageConfigHelpers)

install(TARGETS sluice_shared EXPORT sluice_targets COMPONENT sluice
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
                COMPONENT sluice NAMELINK_COMPONENT sluice)
install(DIRECTORY include/sluice DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT sluice)
install(EXPORT sluice_targets NAMESPACE sluice:: COMPONENT sluice
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/sluice)
configure_package_config_file(sluice-config.cmake.in sluice-config.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/sluice)
write_basic_package_version_file(
  ${CMAKE_CURRENT_BINARY_DIR}/sluice-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sluice-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/sluice-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/sluice COMPONENT sluice)

# From the file's own place up to the prefix.
file(RELATIVE_PATH sluice_pc_to_prefix
     /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(sluice.pc.in sluice.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sluice.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT sluice)
