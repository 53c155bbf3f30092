/* Host service: requests to HTTP servers elsewhere. */
#pragma once

#include "../host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why: the host keeps the connections, checks certificates and addresses, limits sizes and waits, and ends
 * what nobody waits for. A plugin with sockets of its own can do none of that for the user.
 *
 * Redirects are never followed: an answer of 3xx is an error that names the place it points to. */
#define TW_HOST_HTTP_V1 "tightwad.host.http/1"

typedef struct tw_http_header {
    tw_str name, value;
} tw_http_header;

/* Bits of tw_http_request.flags. */
enum {
    /* The operator wrote this URL into the configuration: it may lead to private and loopback addresses.
     * Without it only public addresses are dialled. Link-local addresses, cloud metadata services and
     * multicast never are. */
    TW_HTTP_OPERATORS_URL = 1,
    /* Sending it twice does no harm, so it may be sent again when the connection was lost before a byte of
     * the answer came. A GET always may. */
    TW_HTTP_REPEATABLE = 2,
};

typedef struct tw_http_request {
    uint32_t size;
    uint32_t flags;
    tw_str method; /* "GET" or "POST" */
    tw_str url;    /* absolute, http:// or https:// */
    const tw_http_header *headers;
    size_t n_headers; /* Host, Content-Length, Connection and User-Agent are the host's */
    tw_str body;
    int64_t connect_timeout_ms;    /* name, TCP and TLS together; 0 = 10 s */
    int64_t first_byte_timeout_ms; /* from the request sent to the answer's head; 0 = 600 s */
    int64_t idle_timeout_ms;       /* between two bytes of the answer's body; 0 = 120 s */
    uint64_t max_body_bytes;       /* of the answer; 0 = 64 MiB */
    tw_str ca_file;                /* PEM file of the authorities to trust; empty = the system's */
} tw_http_request;

typedef struct tw_http_head {
    uint32_t size;
    int32_t status; /* 200 … 299, or 400 … 599 */
    const tw_http_header *headers;
    size_t n_headers;
    int64_t retry_after_ms; /* what the server advises, at most a day; 0 = nothing */
} tw_http_head;

/* Plugin side, and its memory: lives until `done` has returned. All calls come from one host thread, never two
 * at once for one request, as [loop]. */
typedef struct tw_http_events {
    uint32_t size;
    void *ctx;
    /* The answer's head; at most once, first. */
    void (*head)(const struct tw_http_events *self, const tw_http_head *head);
    /* A piece of the body, as it arrives, without the transfer's framing. */
    void (*chunk)(const struct tw_http_events *self, tw_str bytes);
    /* Asked several times a second: 1 = end the request; done then comes soon, with TW_CANCELLED. May be null. */
    int32_t (*cancelled)(const struct tw_http_events *self);
    /* Exactly once, last. Null = the answer came whole, whatever its status. */
    void (*done)(const struct tw_http_events *self, const tw_error *error);
    /* Since 1.3. Asked before more of the body is read: 1 = not now; asked again soon, and no limit runs meanwhile. May be
     * null. */
    int32_t (*full)(const struct tw_http_events *self);
} tw_http_events;

typedef struct tw_host_http {
    uint32_t size;

    /* [any] Begins a request and returns at once; the request is copied. On an error (a URL that is none,
     * too many requests) no event ever comes. */
    tw_code (*start)(const tw_host *host, const tw_http_request *request, const tw_http_events *events,
                     tw_error *error);
} tw_host_http;

#ifdef __cplusplus
}
#endif
