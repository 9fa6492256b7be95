/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the name at the smallest spelling distance, at most a third
 * of the longer of both names, else one that holds the other as a whole
 * (`undefined_input` and `input`). The work is bounded for the whole program:
 * a thousand errors among a million names must not take minutes.
 */
#include "compiler/check/check_int.h"

enum { PART_LENGTH_MIN = 3 }; /* shorter parts are in everything */

Nearest nearest_new(Check *c, Slice wanted) {
  return (Nearest){c, wanted, {NULL, 0}, SIZE_MAX, {NULL, 0}};
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

void nearest_offer(Nearest *nearest, Slice name) {
  Check *c = nearest->check;
  Slice wanted = nearest->wanted;
  if (c->guesses == 0 || slice_equal_text(name, "_")) return;
  c->guesses--;
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

void nearest_suggest(const Nearest *nearest, Diag *diag) {
  Slice name = nearest_found(nearest);
  if (name.length == 0) return;
  Check *c = nearest->check;
  diag->help = diag_text(c->sink, "did you mean `%.*s`?", SLICE_ARG(name));
  diag->replacement = arena_copy(c->arena, name.data, name.length);
}
