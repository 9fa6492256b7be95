/* SPDX-License-Identifier: MIT
 *
 * Two candidates are kept while names are offered, the nearest by spelling and
 * the longest that holds the wanted one or is held by it. The first wins.
 */
#include "core/base/nearest.h"

enum { PART_LENGTH_MIN = 3 }; /* shorter parts are in everything */

Nearest nearest_new(Slice wanted, uint32_t *guesses) {
  return (Nearest){.wanted = wanted, .guesses = guesses, .distance = SIZE_MAX};
}

static char lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equal_ignoring_case(Slice a, Slice b) {
  if (a.length != b.length) return false;
  for (size_t i = 0; i < a.length; i++) {
    if (lower(a.data[i]) != lower(b.data[i])) return false;
  }
  return true;
}

static bool is_part(Slice whole, Slice part) {
  return part.length >= PART_LENGTH_MIN && slice_contains(whole, part);
}

/* Whether one more name may be compared. */
static bool may_guess(Nearest *nearest) {
  if (!nearest->guesses) return true;
  if (*nearest->guesses == 0) return false;
  (*nearest->guesses)--;
  return true;
}

void nearest_offer(Nearest *nearest, Slice name) {
  Slice wanted = nearest->wanted;
  if (slice_equal_text(name, "_") || !may_guess(nearest)) return;
  size_t longer = name.length > wanted.length ? name.length : wanted.length;
  size_t shorter = name.length + wanted.length - longer;
  bool holds = is_part(wanted, name) || is_part(name, wanted);
  if (holds && nearest->part.length < name.length) nearest->part = name;
  if (longer - shorter > longer / 3) return;
  size_t distance =
      equal_ignoring_case(name, wanted) ? 0 : slice_distance(name, wanted);
  if (distance <= longer / 3 && distance < nearest->distance) {
    nearest->best = name;
    nearest->distance = distance;
  }
}

Slice nearest_found(const Nearest *nearest) {
  return nearest->best.length > 0 ? nearest->best : nearest->part;
}
