/* SPDX-License-Identifier: MIT
 *
 * What providers say of their limits in the headers of a reply, and how they
 * write it:
 *
 *     x-ratelimit-limit-requests: 500           OpenAI and compatible servers
 *     x-ratelimit-remaining-tokens: 29986
 *     x-ratelimit-reset-tokens: 6m0s            until all is there again; also
 *                                               20ms, 7.66s, 33.01
 *     anthropic-ratelimit-requests-limit: 50
 *     anthropic-ratelimit-tokens-remaining: 39000
 *     anthropic-ratelimit-tokens-reset: 2026-01-01T00:00:12Z    RFC 3339
 *
 * What is not written like this is passed over: it is from outside.
 */
#include <ctype.h>
#include <math.h>

#include "core/base/clock.h"
#include "core/base/number.h"
#include "runtime/model/rate.h"

/* ---- values -------------------------------------------------------------- */

static bool read_count(Slice text, double *count) {
  double number = 0;
  if (!number_read(text, &number) || number < 0) return false;
  *count = number;
  return true;
}

typedef struct DurationUnit {
  const char *name;
  double ns;
} DurationUnit;

/* Longer names first: "ms" begins like "m". */
static const DurationUnit units[] = {
    {"ms", NS_PER_MS},         {"us", NS_PER_US},      {"ns", 1},
    {"s", NS_PER_S},           {"m", 60.0 * NS_PER_S}, {"h", 3600.0 * NS_PER_S},
    {"d", 86400.0 * NS_PER_S},
};

static const DurationUnit *unit_at(Slice text) {
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (slice_starts_with(text, slice_of(units[i].name))) return &units[i];
  return NULL;
}

static size_t number_length(Slice text) {
  size_t i = 0;
  while (i < text.length &&
         (isdigit((unsigned char)text.data[i]) || text.data[i] == '.'))
    i++;
  return i;
}

static Slice skip(Slice text, size_t count) {
  return slice_from(text.data + count, text.length - count);
}

/* Numbers with units, one after the other, or one number of seconds. */
static bool read_duration(Slice text, double *ns) {
  double number = 0;
  *ns = 0;
  if (read_count(text, &number)) {
    *ns = number * NS_PER_S;
    return true;
  }
  while (text.length > 0) {
    size_t length = number_length(text);
    const DurationUnit *unit = unit_at(skip(text, length));
    if (!unit || !read_count(slice_from(text.data, length), &number))
      return false;
    *ns += number * unit->ns;
    text = skip(text, length + strlen(unit->name));
  }
  return true;
}

/* `count` digits at `at`; -1: that is not what stands there. */
static int64_t digits_at(Slice text, size_t at, size_t count) {
  int64_t value = 0;
  if (at + count > text.length) return -1;
  for (size_t i = at; i < at + count; i++) {
    if (!isdigit((unsigned char)text.data[i])) return -1;
    value = value * 10 + (text.data[i] - '0');
  }
  return value;
}

/* Days since 1970 of a date of the Gregorian calendar (Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms"). */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2;
  int64_t era = year / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
         719468;
}

/* Seconds to take off for "+02:00"; 0 for "Z" and for what is neither. */
static int64_t offset_of(Slice zone) {
  if (zone.length < 6 || (zone.data[0] != '+' && zone.data[0] != '-')) return 0;
  int64_t hours = digits_at(zone, 1, 2), minutes = digits_at(zone, 4, 2);
  if (hours < 0 || minutes < 0) return 0;
  int64_t seconds = hours * 3600 + minutes * 60;
  return zone.data[0] == '+' ? seconds : -seconds;
}

/* "2026-01-01T00:00:12Z", maybe with a fraction, which is left out, or with an
 * offset. */
static bool read_date(Slice text, int64_t *seconds) {
  int64_t year = digits_at(text, 0, 4), month = digits_at(text, 5, 2);
  int64_t day = digits_at(text, 8, 2), hour = digits_at(text, 11, 2);
  int64_t minute = digits_at(text, 14, 2), second = digits_at(text, 17, 2);
  if (year < 1970 || month < 1 || month > 12 || day < 1 || hour < 0 ||
      minute < 0 || second < 0)
    return false;
  Slice zone = skip(text, 19);
  if (zone.length > 0 && zone.data[0] == '.')
    zone = skip(zone, 1 + number_length(skip(zone, 1)));
  *seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 +
             second - offset_of(zone);
  return true;
}

static void read_reset(Slice value, int64_t wall_s, uint64_t *ns) {
  static const double longest = 30 * 86400.0 * NS_PER_S;
  double found = 0;
  int64_t date = 0;
  if (read_date(value, &date))
    found = date > wall_s ? (double)(date - wall_s) * NS_PER_S : 0;
  else if (!read_duration(value, &found))
    return;
  *ns = (uint64_t)fmin(found, longest);
}

/* ---- names --------------------------------------------------------------- */

/* Letters of `name` are compared as small ones; `wanted` has small ones. */
static bool take_prefix(Slice *name, const char *wanted) {
  size_t length = strlen(wanted);
  if (name->length < length) return false;
  for (size_t i = 0; i < length; i++)
    if (tolower((unsigned char)name->data[i]) != wanted[i]) return false;
  *name = skip(*name, length);
  return true;
}

typedef enum RateWord { WORD_NONE, WORD_LIMIT, WORD_REST, WORD_RESET } RateWord;

static RateWord take_word(Slice *name) {
  if (take_prefix(name, "limit")) return WORD_LIMIT;
  if (take_prefix(name, "remaining")) return WORD_REST;
  if (take_prefix(name, "reset")) return WORD_RESET;
  return WORD_NONE;
}

static RateSide *take_side(Slice *name, RateSeen *seen) {
  if (take_prefix(name, "requests")) return &seen->requests;
  if (take_prefix(name, "tokens")) return &seen->tokens;
  return NULL;
}

static void set_side(RateSide *side, RateWord word, Slice value,
                     int64_t wall_s) {
  if (word == WORD_LIMIT) side->has_limit |= read_count(value, &side->limit);
  if (word == WORD_REST) side->has_rest |= read_count(value, &side->rest);
  if (word == WORD_RESET) read_reset(value, wall_s, &side->reset_ns);
}

void rate_read_header(Slice name, Slice value, int64_t wall_s, RateSeen *seen) {
  RateWord word = WORD_NONE;
  RateSide *side = NULL;
  if (take_prefix(&name, "x-ratelimit-")) {
    word = take_word(&name);
    if (take_prefix(&name, "-")) side = take_side(&name, seen);
  } else if (take_prefix(&name, "anthropic-ratelimit-")) {
    side = take_side(&name, seen);
    if (take_prefix(&name, "-")) word = take_word(&name);
  }
  if (side && word != WORD_NONE && name.length == 0)
    set_side(side, word, slice_trim(value), wall_s);
}
