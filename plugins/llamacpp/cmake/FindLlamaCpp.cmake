# Finds the llama.cpp engine: TIGHTWAD_ENGINE_DIR, else an installed one, else the engine in the per-user cache.
#
# Defines, visible in the whole build:
#   tightwad::llama                    llama.h, ggml*.h, gguf.h as system headers; libllama, libggml, libggml-base
#   LlamaCpp_LIBDIR                    the folder of the engine's libraries, for RPATH; also a global property
#   LlamaCpp_BUNDLED                   true when the engine is not installed in the system, so that our own
#                                      installation has to carry its libraries
#   tightwad_install_engine(DESTINATION)  copies the engine's libraries at `cmake --install`, when bundled
include(FindPackageHandleStandardArgs)

set(TIGHTWAD_ENGINE_DIR "$ENV{TIGHTWAD_ENGINE_DIR}" CACHE PATH "llama.cpp engine made by apps/setup/engine.sh")

function(tightwad_install_engine destination)
    get_property(bundled GLOBAL PROPERTY LlamaCpp_BUNDLED)
    if(bundled)
        get_property(libdir GLOBAL PROPERTY LlamaCpp_LIBDIR)
        install(DIRECTORY ${libdir}/ DESTINATION ${destination} FILES_MATCHING PATTERN "lib*.so*" PATTERN "lib*.dylib")
    endif()
endfunction()

# An imported library LIB of the engine in DIR: the prebuilt carries the version inside the name.
function(_llamacpp_import lib dir out)
    file(GLOB candidates ${dir}/lib/lib${lib}.so ${dir}/lib/lib${lib}.v[0-9]*.so ${dir}/lib/lib${lib}*.dylib)
    if(NOT candidates)
        set(${out} "" PARENT_SCOPE)
        return()
    endif()
    list(GET candidates 0 path)
    add_library(tightwad::${lib} SHARED IMPORTED GLOBAL)
    set_target_properties(tightwad::${lib} PROPERTIES IMPORTED_LOCATION ${path})
    set(${out} tightwad::${lib} PARENT_SCOPE)
endfunction()

if(NOT TARGET tightwad::llama)
    set(_llamacpp_dir "${TIGHTWAD_ENGINE_DIR}")
    if(_llamacpp_dir AND NOT EXISTS ${_llamacpp_dir}/include/llama.h)
        message(FATAL_ERROR "TIGHTWAD_ENGINE_DIR is ${_llamacpp_dir}, but include/llama.h is not there. "
            "Run `sh apps/setup/engine.sh`: it prints the folder to give.")
    endif()
    if(NOT _llamacpp_dir)
        find_package(llama CONFIG QUIET)
    endif()
    if(llama_FOUND)
        add_library(tightwad::llama INTERFACE IMPORTED GLOBAL)
        set_target_properties(llama PROPERTIES IMPORTED_GLOBAL TRUE)
        target_link_libraries(tightwad::llama INTERFACE llama)
        set_property(GLOBAL PROPERTY LlamaCpp_LIBDIR ${LLAMA_LIB_DIR})
        set_property(GLOBAL PROPERTY LlamaCpp_BUNDLED FALSE)
    else()
        if(NOT _llamacpp_dir)
            if(DEFINED ENV{TIGHTWAD_CACHE})
                set(_llamacpp_cache $ENV{TIGHTWAD_CACHE})
            elseif(DEFINED ENV{XDG_CACHE_HOME})
                set(_llamacpp_cache $ENV{XDG_CACHE_HOME}/tightwad)
            else()
                set(_llamacpp_cache $ENV{HOME}/.cache/tightwad)
            endif()
            set(_llamacpp_dir ${_llamacpp_cache}/engine/default)
        endif()
        file(REAL_PATH ${_llamacpp_dir} _llamacpp_dir)
        if(EXISTS ${_llamacpp_dir}/include/llama.h)
            _llamacpp_import(ggml-base ${_llamacpp_dir} _llamacpp_base)
            _llamacpp_import(ggml ${_llamacpp_dir} _llamacpp_ggml)
            _llamacpp_import(llama ${_llamacpp_dir} _llamacpp_llama)
        endif()
        if(_llamacpp_llama AND _llamacpp_ggml AND _llamacpp_base)
            set_target_properties(tightwad::llama PROPERTIES
                INTERFACE_INCLUDE_DIRECTORIES ${_llamacpp_dir}/include
                INTERFACE_LINK_LIBRARIES "tightwad::ggml;tightwad::ggml-base")
            set_property(GLOBAL PROPERTY LlamaCpp_LIBDIR ${_llamacpp_dir}/lib)
            set_property(GLOBAL PROPERTY LlamaCpp_BUNDLED TRUE)
        endif()
    endif()
endif()

get_property(LlamaCpp_LIBDIR GLOBAL PROPERTY LlamaCpp_LIBDIR)
get_property(LlamaCpp_BUNDLED GLOBAL PROPERTY LlamaCpp_BUNDLED)
find_package_handle_standard_args(LlamaCpp REQUIRED_VARS LlamaCpp_LIBDIR
    REASON_FAILURE_MESSAGE "No llama.cpp engine is installed or in the cache: `sh apps/setup/engine.sh` fetches one. ")
