# tightwad_add_plugin(): the one call that turns sources into a plugin the host accepts.
#
#   tightwad_add_plugin(NAME [NO_INSTALL] [OUTPUT_DIRECTORY dir] sources...)
#
# Makes the target plugin_NAME (link what the plugin needs to it) and the file NAME.so. The file's name
# must be the id that the plugin states, because the host decides by it before any code runs. Only
# tightwad_plugin_v1 is exported. Installed to LIBDIR/tightwad/plugins unless NO_INSTALL is given.
function(tightwad_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "OUTPUT_DIRECTORY" "")
    set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
    set(target plugin_${name})

    add_library(${target} MODULE ${arg_UNPARSED_ARGUMENTS})
    target_link_libraries(${target} PRIVATE tightwad::sdk)
    if(TARGET tightwad_flags)
        target_link_libraries(${target} PRIVATE tightwad_flags)
    endif()
    if(NOT arg_OUTPUT_DIRECTORY)
        set(arg_OUTPUT_DIRECTORY ${TIGHTWAD_PLUGIN_OUTPUT_DIRECTORY})
    endif()
    set_target_properties(${target} PROPERTIES
        PREFIX "" SUFFIX ".so" OUTPUT_NAME ${name}
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS ${map})
    if(arg_OUTPUT_DIRECTORY)
        set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${arg_OUTPUT_DIRECTORY})
    endif()
    target_link_options(${target} PRIVATE "LINKER:--version-script=${map}")

    if(NOT arg_NO_INSTALL)
        include(GNUInstallDirs)
        install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/tightwad/plugins)
    endif()
endfunction()
