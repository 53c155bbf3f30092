# Finds the llama.cpp engine: TIGHTWAD_ENGINE_DIR, else an installed one, else the engine in the per-user cache.
#
# Defines, visible in the whole build:
#   tightwad::llama                    llama.h, ggml*.h, gguf.h as system headers; libllama, libggml, libggml-base
#   tightwad::llama-common             where the engine has it: json-schema-to-grammar.h, chat.h, …; libllama-common
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

# Makes the imported target tightwad::LIB from the folder LIBDIR, or nothing when it is not there. A prebuilt
# engine carries flavour and version inside the name (libllama.cuda.v0.5.0.so), a source build has the plain link.
function(_llamacpp_import lib libdir)
    file(GLOB candidates ${libdir}/lib${lib}.so ${libdir}/lib${lib}.*v[0-9]*.so ${libdir}/lib${lib}.dylib)
    if(candidates)
        list(GET candidates 0 path)
        add_library(tightwad::${lib} SHARED IMPORTED GLOBAL)
        set_target_properties(tightwad::${lib} PROPERTIES IMPORTED_LOCATION ${path})
    endif()
endfunction()

if(NOT TARGET tightwad::llama)
    set(_llamacpp_bundled TRUE)
    set(_llamacpp_dir "${TIGHTWAD_ENGINE_DIR}")
    if(_llamacpp_dir AND NOT EXISTS ${_llamacpp_dir}/include/llama.h)
        message(FATAL_ERROR "TIGHTWAD_ENGINE_DIR is ${_llamacpp_dir}, but include/llama.h is not there. "
            "Run `sh apps/setup/engine.sh`: it prints the folder to give.")
    endif()
    if(NOT _llamacpp_dir)
        find_package(llama CONFIG QUIET)
    endif()
    if(llama_FOUND)
        set(_llamacpp_bundled FALSE)
        set(_llamacpp_include ${LLAMA_INCLUDE_DIR})
        set(_llamacpp_libdir ${LLAMA_LIB_DIR})
    else()
        if(NOT _llamacpp_dir)
            set(_llamacpp_cache $ENV{HOME}/.cache/tightwad)
            if(NOT "$ENV{TIGHTWAD_CACHE}" STREQUAL "")
                set(_llamacpp_cache $ENV{TIGHTWAD_CACHE})
            elseif(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
                set(_llamacpp_cache $ENV{XDG_CACHE_HOME}/tightwad)
            endif()
            file(REAL_PATH ${_llamacpp_cache}/engine/default _llamacpp_dir)
        endif()
        set(_llamacpp_include ${_llamacpp_dir}/include)
        set(_llamacpp_libdir ${_llamacpp_dir}/lib)
    endif()
    if(EXISTS ${_llamacpp_include}/llama.h)
        _llamacpp_import(ggml-base ${_llamacpp_libdir})
        _llamacpp_import(ggml ${_llamacpp_libdir})
        _llamacpp_import(llama ${_llamacpp_libdir})
    endif()
    if(TARGET tightwad::llama AND TARGET tightwad::ggml AND TARGET tightwad::ggml-base)
        set_target_properties(tightwad::llama PROPERTIES
            INTERFACE_INCLUDE_DIRECTORIES ${_llamacpp_include}
            INTERFACE_LINK_LIBRARIES "tightwad::ggml;tightwad::ggml-base")
        # C++, so only with the headers of the very version (docs/decisions/0013-llama-common.md).
        if(EXISTS ${_llamacpp_include}/common/chat.h)
            _llamacpp_import(llama-common ${_llamacpp_libdir})
        endif()
        if(TARGET tightwad::llama-common)
            set_target_properties(tightwad::llama-common PROPERTIES
                INTERFACE_INCLUDE_DIRECTORIES ${_llamacpp_include}/common
                INTERFACE_LINK_LIBRARIES tightwad::llama)
        endif()
        set_property(GLOBAL PROPERTY LlamaCpp_LIBDIR ${_llamacpp_libdir})
        set_property(GLOBAL PROPERTY LlamaCpp_BUNDLED ${_llamacpp_bundled})
    endif()
endif()

get_property(LlamaCpp_LIBDIR GLOBAL PROPERTY LlamaCpp_LIBDIR)
get_property(LlamaCpp_BUNDLED GLOBAL PROPERTY LlamaCpp_BUNDLED)
find_package_handle_standard_args(LlamaCpp REQUIRED_VARS LlamaCpp_LIBDIR
    REASON_FAILURE_MESSAGE "No llama.cpp engine is installed or in the cache: `sh apps/setup/engine.sh` fetches one. ")
