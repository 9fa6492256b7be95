/* SPDX-License-Identifier: MIT
 *
 * One scalar of the file. Types are strict: a number or a truth value stands
 * without quotes, a text that looks like one stands in them, and what has a
 * unit is never without. Messages do not repeat a value: it might be a secret
 * that went to the wrong place.
 */
#include <string.h>

#include "core/base/clock.h"
#include "core/base/unit.h"
#include "core/config/config_int.h"

#define DURATION_MAX (24 * 3600 * NS_PER_S)
#define SIZE_MAXIMUM (UINT64_C(1) << 30)

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static Status fail_value(const Reader *r, const YamlNode *node,
                         const char *needs) {
  if (yaml_is_null(node))
    return config_fail(r, node->place, "`%s` has no value; it needs %s",
                       node->key->text.data, needs);
  return config_fail(r, node->place, "`%s` needs %s", node->key->text.data,
                     needs);
}

/* ---- texts --------------------------------------------------------------- */

static bool looks_like_number(Slice text) {
  size_t i = text.data[0] == '-' || text.data[0] == '+' ? 1 : 0;
  bool has_digit = false;
  for (; i < text.length; i++) {
    has_digit |= is_digit(text.data[i]);
    if (!is_digit(text.data[i]) && !strchr("._eE+-", text.data[i]))
      return false;
  }
  return has_digit;
}

static bool is_truth(Slice text) {
  return slice_equal_text(text, "true") || slice_equal_text(text, "false");
}

Status config_text(const Reader *r, const YamlNode *node, const char **text) {
  if (node->kind != YAML_SCALAR || yaml_is_null(node))
    return fail_value(r, node, "a text");
  if (node->text.length == 0)
    return fail_value(r, node, "a text that is not empty");
  if (node->is_plain && (looks_like_number(node->text) || is_truth(node->text)))
    return fail_value(r, node, "a text: put the value in quotes");
  *text = node->text.data;
  return STATUS_OK;
}

Status config_bool(const Reader *r, const YamlNode *node, bool *value) {
  if (node->kind != YAML_SCALAR || !node->is_plain || !is_truth(node->text))
    return fail_value(r, node, "true or false");
  *value = slice_equal_text(node->text, "true");
  return STATUS_OK;
}

/* ---- numbers ------------------------------------------------------------- */

Status config_number(const Reader *r, const YamlNode *node, uint64_t least,
                     uint64_t most, uint64_t *value) {
  Slice rest = {0};
  bool is_number = node->kind == YAML_SCALAR && node->is_plain &&
                   unit_read_digits(node->text, value, &rest) &&
                   rest.length == 0;
  if (is_number && *value >= least && *value <= most) return STATUS_OK;
  if (yaml_is_null(node)) return fail_value(r, node, "a whole number");
  return config_fail(r, node->place,
                     "`%s` needs a whole number from %llu to %llu",
                     node->key->text.data, (unsigned long long)least,
                     (unsigned long long)most);
}

/* A number and its unit, from 1 to `most`. */
static bool read_unit(const YamlNode *node, const Unit *units, uint64_t most,
                      uint64_t *value) {
  return node->kind == YAML_SCALAR && unit_read(node->text, units, most, value);
}

Status config_duration(const Reader *r, const YamlNode *node, uint64_t *ns) {
  if (read_unit(node, unit_times, DURATION_MAX, ns)) return STATUS_OK;
  return fail_value(r, node,
                    "a whole number with its unit, from 1ms to 24h: 250ms, "
                    "10s, 2m, 1h");
}

Status config_size(const Reader *r, const YamlNode *node, uint64_t *bytes) {
  if (read_unit(node, unit_sizes, SIZE_MAXIMUM, bytes)) return STATUS_OK;
  return fail_value(r, node,
                    "a whole number with its unit, from 1B to 1GiB: 64KiB, "
                    "1MiB, 10MB");
}

/* ---- names --------------------------------------------------------------- */

bool config_is_variable(Slice name) {
  if (name.length == 0 || is_digit(name.data[0])) return false;
  for (size_t i = 0; i < name.length; i++) {
    char c = name.data[i];
    if (!is_letter(c) && !is_digit(c) && c != '_') return false;
  }
  return true;
}

bool config_env_name(Slice text, Slice *name) {
  if (!slice_starts_with(text, SLICE("env:"))) return false;
  *name = slice_from(text.data + 4, text.length - 4);
  return config_is_variable(*name);
}

bool config_is_name(Slice name) {
  enum { NAME_LENGTH_MAX = 64 }; /* beyond that no nearest name is found */
  if (name.length == 0 || name.length > NAME_LENGTH_MAX) return false;
  if (!is_letter(name.data[0]) && !is_digit(name.data[0])) return false;
  for (size_t i = 0; i < name.length; i++) {
    char c = name.data[i];
    if (!is_letter(c) && !is_digit(c) && (!c || !strchr("_-.", c)))
      return false;
  }
  return true;
}
