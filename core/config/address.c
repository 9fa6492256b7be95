/* SPDX-License-Identifier: MIT
 *
 * URLs and header names. Only what is understood whole is taken: a scheme, a
 * host, a port, a path. A user or a password in a URL would be shown wherever
 * the backend is, so there is none.
 */
#include <string.h>
#include <strings.h>

#include "core/base/limits.h"
#include "core/config/config_int.h"

static bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9');
}

/* ---- URLs ---------------------------------------------------------------- */

static Slice after(Slice text, size_t count) {
  return slice_from(text.data + count, text.length - count);
}

/* How many bytes there are before the first of `stops`. */
static size_t span_before(Slice text, const char *stops) {
  size_t i = 0;
  while (i < text.length && !strchr(stops, text.data[i])) i++;
  return i;
}

static bool is_host(Slice host) {
  if (host.length == 0 || host.length > 253) return false;
  for (size_t i = 0; i < host.length; i++) {
    char c = host.data[i];
    if (!is_alphanumeric(c) && c != '-' && c != '.' && c != '_') return false;
  }
  return host.data[0] != '.' && host.data[0] != '-';
}

/* "[::1]"; hexadecimal digits, colons, dots. */
static bool is_bracketed(Slice host) {
  if (host.length < 4 || host.data[0] != '[' ||
      host.data[host.length - 1] != ']')
    return false;
  for (size_t i = 1; i + 1 < host.length; i++) {
    char c = host.data[i];
    bool is_hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
                  (c >= 'A' && c <= 'F');
    if (!is_hex && c != ':' && c != '.') return false;
  }
  return true;
}

static bool is_port(Slice port) {
  uint32_t value = 0;
  if (port.length == 0 || port.length > 5) return false;
  for (size_t i = 0; i < port.length; i++) {
    if (port.data[i] < '0' || port.data[i] > '9') return false;
    value = value * 10 + (uint32_t)(port.data[i] - '0');
  }
  return value >= 1 && value <= 65535;
}

static const char *authority_fault(Slice authority) {
  size_t host_length = span_before(authority, ":");
  if (authority.length > 0 && authority.data[0] == '[')
    host_length = span_before(authority, "]") + 1;
  if (host_length > authority.length) return "its host has no closing bracket";
  Slice host = slice_from(authority.data, host_length);
  Slice port = after(authority, host_length);
  if (!is_host(host) && !is_bracketed(host)) return "its host is no host name";
  if (port.length == 0) return NULL;
  if (port.data[0] != ':' || !is_port(after(port, 1)))
    return "its port is not a number from 1 to 65535";
  return NULL;
}

static bool is_printable(Slice text) {
  for (size_t i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.data[i];
    if (c <= 0x20 || c >= 0x7F || strchr("\"<>\\^`{|}", c)) return false;
  }
  return true;
}

const char *config_url_fault(Slice url, bool may_have_query) {
  size_t scheme = slice_starts_with(url, SLICE("http://"))    ? 7
                  : slice_starts_with(url, SLICE("https://")) ? 8
                                                              : 0;
  if (scheme == 0) return "it must begin with http:// or https://";
  if (url.length > LIMIT_CONFIG_URL_BYTES) return "it is too long";
  Slice rest = after(url, scheme);
  Slice authority = slice_from(rest.data, span_before(rest, "/?#"));
  Slice path = after(rest, authority.length);
  if (authority.length > 0 && memchr(authority.data, '@', authority.length))
    return "it must not hold a user or a password, which would be shown; a "
           "key is given by `key: env:NAME`";
  if (!is_printable(path))
    return "it holds a character that must be written as %XX";
  if (span_before(path, "#") < path.length) return "it must not have a `#`";
  if (!may_have_query && span_before(path, "?") < path.length)
    return "it must not have a query (`?`)";
  return authority_fault(authority);
}

Slice config_url_trim(Slice url) {
  while (url.length > 0 && url.data[url.length - 1] == '/') url.length--;
  return url;
}

/* ---- headers ------------------------------------------------------------- */

static bool equals(Slice name, const char *text) {
  return name.length == strlen(text) &&
         strncasecmp(name.data, text, name.length) == 0;
}

static bool contains(Slice name, const char *part) {
  size_t length = strlen(part);
  for (size_t i = 0; i + length <= name.length; i++) {
    if (strncasecmp(name.data + i, part, length) == 0) return true;
  }
  return false;
}

static bool ends_with(Slice name, const char *end) {
  size_t length = strlen(end);
  return name.length >= length &&
         strncasecmp(name.data + name.length - length, end, length) == 0;
}

bool config_is_header(Slice name) {
  enum { HEADER_LENGTH_MAX = 128 };
  if (name.length == 0 || name.length > HEADER_LENGTH_MAX) return false;
  for (size_t i = 0; i < name.length; i++) {
    char c = name.data[i];
    if (!is_alphanumeric(c) && (!c || !strchr("!#$%&'*+-.^_`|~", c)))
      return false;
  }
  return true;
}

bool config_header_is_ours(Slice name) {
  static const char *const names[] = {
      "Host",       "Content-Length", "Content-Type",
      "Connection", "Keep-Alive",     "Transfer-Encoding",
      "TE",         "Trailer",        "Upgrade",
      "Expect",     "Accept-Encoding"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (equals(name, names[i])) return true;
  }
  return false;
}

bool config_header_is_authorization(Slice name) {
  return equals(name, "Authorization");
}

bool config_header_is_secret(Slice name) {
  static const char *const parts[] = {"authorization", "token",  "secret",
                                      "passw",         "apikey", "cookie",
                                      "credential"};
  if (equals(name, "key") || ends_with(name, "-key") || ends_with(name, "_key"))
    return true;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (contains(name, parts[i])) return true;
  }
  return false;
}
