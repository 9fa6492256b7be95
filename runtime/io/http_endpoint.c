/* SPDX-License-Identifier: MIT
 *
 * A server and what is told to it each time: the URL taken apart as far as
 * messages and look-ups need it, and the headers as a list that curl reads.
 * Immutable once made, but for what the scout keeps.
 */
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "core/base/limits.h"
#include "runtime/io/http_int.h"

/* ---- URLs ---------------------------------------------------------------- */

typedef struct Url {
  Slice host;      /* without brackets */
  Slice port;      /* as written, or the scheme's */
  bool is_literal; /* the host is an address */
} Url;

static bool is_visible(Slice text) {
  for (size_t i = 0; i < text.length; i++)
    if (text.data[i] <= ' ' || text.data[i] > '~') return false;
  return true;
}

static bool is_port(Slice port) {
  uint32_t number = 0;
  for (size_t i = 0; i < port.length; i++) {
    if (port.data[i] < '0' || port.data[i] > '9') return false;
    number = number * 10 + (uint32_t)(port.data[i] - '0');
    if (number > 65535) return false;
  }
  return number > 0;
}

static bool is_address(int family, Slice host) {
  char text[64];
  unsigned char address[16];
  if (host.length >= sizeof text) return false;
  memcpy(text, host.data, host.length);
  text[host.length] = '\0';
  return inet_pton(family, text, address) == 1;
}

/* "[::1]:80" or "host:80". */
static bool split_place(Slice place, Url *url) {
  size_t length = 0;
  const char *bracket = NULL;
  if (place.length && place.data[0] == '[')
    bracket = memchr(place.data, ']', place.length);
  if (bracket) {
    url->host = slice_from(place.data + 1, (size_t)(bracket - place.data) - 1);
    length = url->host.length + 2;
    if (!is_address(AF_INET6, url->host)) return false;
  } else {
    const char *colon = memchr(place.data, ':', place.length);
    length = colon ? (size_t)(colon - place.data) : place.length;
    url->host = slice_from(place.data, length);
  }
  url->is_literal = bracket || is_address(AF_INET, url->host);
  if (length == place.length) return url->host.length > 0;
  url->port = slice_from(place.data + length + 1, place.length - length - 1);
  return url->host.length > 0 && place.data[length] == ':' &&
         is_port(url->port);
}

/* What is not understood is not shown either: it may hold a password. */
static Status split_url(Slice text, Url *url, Error *error) {
  bool is_tls = slice_starts_with(text, SLICE("https://"));
  if (!is_tls && !slice_starts_with(text, SLICE("http://")))
    return error_set(error, STATUS_USAGE,
                     "not a URL of a server: it begins with neither http:// "
                     "nor https://");
  size_t scheme = is_tls ? 8 : 7;
  Slice rest = slice_from(text.data + scheme, text.length - scheme);
  if (text.length >= LIMIT_URL_BYTES || !is_visible(rest) ||
      memchr(rest.data, '?', rest.length) ||
      memchr(rest.data, '#', rest.length))
    return error_set(error, STATUS_USAGE,
                     "not a URL of a server: it is too long, or holds a space, "
                     "a ? or a #");
  const char *slash = memchr(rest.data, '/', rest.length);
  Slice place =
      slice_from(rest.data, slash ? (size_t)(slash - rest.data) : rest.length);
  if (memchr(place.data, '@', place.length))
    return error_set(error, STATUS_USAGE,
                     "a URL of a server with a user or a password in it; give "
                     "them as a header");
  url->port = is_tls ? SLICE("443") : SLICE("80");
  if (!split_place(place, url))
    return error_set(error, STATUS_USAGE,
                     "not a URL of a server: it has no host, or a wrong port");
  return STATUS_OK;
}

static bool is_localhost(Slice host) {
  static const char name[] = "localhost";
  size_t length = sizeof name - 1;
  if (host.length < length) return false;
  const char *tail = host.data + host.length - length;
  return strncasecmp(tail, name, length) == 0 &&
         (host.length == length || tail[-1] == '.');
}

static bool is_loopback(const Url *url) {
  if (is_localhost(url->host)) return true;
  return url->is_literal && (slice_starts_with(url->host, SLICE("127.")) ||
                             slice_equal(url->host, SLICE("::1")));
}

bool http_is_loopback(const char *url) {
  Url parts = {0};
  return split_url(slice_of(url), &parts, NULL) == STATUS_OK &&
         is_loopback(&parts);
}

static char *text_of(const char *before, const Url *url) {
  bool has_colon = memchr(url->host.data, ':', url->host.length);
  Buf text = {0};
  buf_addf(&text, has_colon ? "%s[%.*s]:%.*s" : "%s%.*s:%.*s", before,
           SLICE_ARG(url->host), SLICE_ARG(url->port));
  return buf_take(&text);
}

/* ---- headers ------------------------------------------------------------- */

static bool names_header(const char *header, const char *name) {
  size_t length = strlen(name);
  return strncasecmp(header, name, length) == 0 && header[length] == ':';
}

static bool has_header(const char *const *headers, uint32_t count,
                       const char *name) {
  for (uint32_t i = 0; i < count; i++)
    if (names_header(headers[i], name)) return true;
  return false;
}

static char *copy_text(const char *text) {
  Buf copy = {0};
  buf_add_text(&copy, text);
  return buf_take(&copy);
}

/* The type of the body comes first, so that the list of a GET is the rest. An
 * "Expect:" without a value keeps curl from asking before it sends. */
static void list_headers(HttpEndpoint *endpoint, const char *const *headers,
                         uint32_t count) {
  struct curl_slist *node = endpoint->nodes =
      mem_alloc_zero(count + 3, sizeof *node);
  struct curl_slist *end = node;
  bool has_type = has_header(headers, count, "Content-Type");
  if (!has_type) (end++)->data = copy_text("Content-Type: application/json");
  if (!has_header(headers, count, "User-Agent"))
    (end++)->data = copy_text("User-Agent: apxm/" APXM_VERSION);
  (end++)->data = copy_text("Expect:");
  for (uint32_t i = 0; i < count; i++) (end++)->data = copy_text(headers[i]);
  for (; node + 1 < end; node++) node->next = node + 1;
  endpoint->headers = endpoint->nodes;
  endpoint->get_headers = endpoint->nodes + (has_type ? 0 : 1);
}

static Status check_headers(const char *const *headers, uint32_t count,
                            Error *error) {
  for (uint32_t i = 0; i < count; i++) {
    size_t name = strcspn(headers[i], ": \t");
    if (name == 0 || headers[i][name] != ':' || strpbrk(headers[i], "\r\n"))
      return error_set(error, STATUS_USAGE,
                       "header %u of the server is not of the form Name: value",
                       i + 1);
  }
  return STATUS_OK;
}

/* ---- life ---------------------------------------------------------------- */

HttpEndpoint *http_endpoint_new(HttpClient *client, const char *url,
                                const char *const *headers,
                                uint32_t header_count,
                                const HttpTimeouts *timeouts,
                                uint64_t reply_cap, Error *error) {
  Url parts = {0};
  if (split_url(slice_of(url), &parts, error) != STATUS_OK ||
      check_headers(headers, header_count, error) != STATUS_OK)
    return NULL;
  HttpEndpoint *endpoint = MEM_NEW(HttpEndpoint);
  endpoint->client = client;
  endpoint->id = 1 + atomic_fetch_add_explicit(&client->endpoints, 1,
                                               memory_order_relaxed);
  endpoint->url = copy_text(url);
  endpoint->place = text_of("", &parts);
  endpoint->timeouts = *timeouts;
  endpoint->reply_cap = reply_cap;
  endpoint->is_named = !parts.is_literal && !is_localhost(parts.host);
  endpoint->is_direct = !client->has_proxy || is_loopback(&parts);
  endpoint->forget.data = text_of("-", &parts);
  list_headers(endpoint, headers, header_count);
  return endpoint;
}

void http_endpoint_free(HttpEndpoint *endpoint) {
  if (!endpoint) return;
  for (struct curl_slist *node = endpoint->nodes; node; node = node->next)
    mem_free(node->data);
  mem_free(endpoint->nodes);
  mem_free(endpoint->forget.data);
  mem_free(endpoint->place);
  mem_free(endpoint->url);
  mem_free(endpoint);
}
