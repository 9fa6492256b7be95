/* SPDX-License-Identifier: MIT
 *
 * The form is checked here, since strtod takes more than a number; the value is
 * strtod's, which rounds correctly.
 */
#include "core/base/number.h"

#include <math.h>
#include <stdlib.h>

enum { LENGTH_MAX = 1000 };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t skip_sign(Slice s, size_t at) {
  return at < s.length && (s.data[at] == '+' || s.data[at] == '-') ? at + 1
                                                                   : at;
}

static size_t skip_digits(Slice s, size_t at) {
  while (at < s.length && is_digit(s.data[at])) at++;
  return at;
}

static bool is_decimal(Slice s) {
  size_t start = skip_sign(s, 0);
  size_t at = skip_digits(s, start);
  size_t digits = at - start;
  if (at < s.length && s.data[at] == '.') {
    size_t fraction = skip_digits(s, at + 1);
    digits += fraction - at - 1;
    at = fraction;
  }
  if (digits == 0) return false;
  if (at < s.length && (s.data[at] == 'e' || s.data[at] == 'E')) {
    start = skip_sign(s, at + 1);
    at = skip_digits(s, start);
    if (at == start) return false;
  }
  return at == s.length;
}

bool number_read(Slice text, double *number) {
  Slice s = slice_trim(text);
  if (s.length > LENGTH_MAX || !is_decimal(s)) return false;
  char copy[LENGTH_MAX + 1];
  memcpy(copy, s.data, s.length);
  copy[s.length] = '\0';
  *number = strtod(copy, NULL);
  return isfinite(*number);
}
