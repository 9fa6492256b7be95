/* SPDX-License-Identifier: MIT
 *
 * Which rule a request gets. What is random comes from the seed by splitmix64,
 * so a run against the same faults with the same seed meets the same ones.
 */
#include <string.h>

#include "core/base/clock.h"
#include "server/fault.h"

enum { TIMES_BITS = 20 }; /* bodies told apart, for how often one came */

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x) {
  x += UINT64_C(0x9E3779B97F4A7C15);
  x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
  return x ^ (x >> 31);
}

/* How often this body has come before. Two bodies with one place count
 * together, which shows only in what is drawn for them. */
static uint8_t count_body(FaultRules *rules, uint64_t hash) {
  if (!rules->times) rules->times = mem_alloc_zero((size_t)1 << TIMES_BITS, 1);
  return rules->times[hash >> (64 - TIMES_BITS)]++;
}

/* A number in [0, 1) for a rule. */
static double draw(const FaultRules *rules, uint64_t target, uint32_t rule) {
  uint64_t x = mix(mix(rules->seed ^ mix(target)) + rule);
  return (double)(x >> 11) * 0x1p-53;
}

static bool is_drawn(const FaultRules *rules, uint32_t index, uint64_t target) {
  double chance = rules->rules.data[index].chance;
  return chance >= 1 || draw(rules, target, index) < chance;
}

static bool is_due(const FaultRule *rule, uint64_t number) {
  return rule->times > 0 && number >= rule->from && number <= rule->to;
}

static void use_up(FaultRule *rule) {
  if (rule->times != UINT64_MAX) rule->times--;
}

static bool fits(const FaultRule *rule, const FaultTarget *target) {
  if (!is_due(rule, target->number)) return false;
  if (rule->path.data ? !slice_equal(rule->path, target->path)
                      : !target->is_chat)
    return false;
  return !rule->match.data || slice_contains(target->body, rule->match);
}

/* ---- limits -------------------------------------------------------------- */

/* The bucket of a client, or the one that was used the longest time ago. */
static FaultBucket *find_bucket(FaultRule *rule, const FaultTarget *target) {
  FaultBucket *oldest = rule->buckets;
  for (int i = 0; i < FAULT_CLIENTS; i++) {
    FaultBucket *bucket = &rule->buckets[i];
    if (bucket->key == target->key) return bucket;
    if (bucket->at < oldest->at) oldest = bucket;
  }
  *oldest = (FaultBucket){target->key, rule->rpm, target->now};
  return oldest;
}

static void add_limits(const FaultRule *rule, double level, Buf *headers) {
  double reset_s = (rule->rpm - level) * 60 / rule->rpm;
  buf_addf(headers,
           "x-ratelimit-limit-requests: %.15g\r\n"
           "x-ratelimit-remaining-requests: %llu\r\n"
           "x-ratelimit-reset-requests: %.3fs\r\n",
           rule->rpm, (unsigned long long)level, reset_s);
}

/* Whether the client has asked too often; the headers say how often it may. */
static bool is_limited(FaultRule *rule, const FaultTarget *target,
                       Buf *headers) {
  FaultBucket *bucket = find_bucket(rule, target);
  double passed = (double)(target->now - bucket->at) / (double)NS_PER_S;
  bucket->level += passed * rule->rpm / 60;
  if (bucket->level > rule->rpm) bucket->level = rule->rpm;
  bucket->at = target->now;
  bool is_over = bucket->level < 1;
  if (!is_over) bucket->level -= 1;
  add_limits(rule, bucket->level, headers);
  if (is_over)
    buf_addf(headers, "retry-after-ms: %.0f\r\n",
             (1 - bucket->level) * 60000 / rule->rpm + 1);
  return is_over;
}

/* ---- choosing ------------------------------------------------------------ */

FaultRule *fault_take(FaultRules *rules, const FaultTarget *target,
                      Buf *headers) {
  uint64_t hash = rules->has_chance ? slice_hash(target->body) : 0;
  uint64_t drawn_for = rules->has_chance ? hash + count_body(rules, hash) : 0;
  for (uint32_t i = 0; i < rules->rules.length; i++) {
    FaultRule *rule = &rules->rules.data[i];
    if (fault_is_at_accept(rule) || !fits(rule, target)) continue;
    if (!is_drawn(rules, i, drawn_for)) continue;
    if (rule->kind == FAULT_LIMIT && !is_limited(rule, target, headers))
      continue;
    use_up(rule);
    buf_add_slice(headers, buf_slice(&rule->headers));
    if (rule->kind != FAULT_HEADERS) return rule;
  }
  return NULL;
}

FaultRule *fault_take_accept(FaultRules *rules, uint64_t number) {
  for (uint32_t i = 0; i < rules->rules.length; i++) {
    FaultRule *rule = &rules->rules.data[i];
    if (rule->kind == FAULT_REFUSE || !fault_is_at_accept(rule)) continue;
    if (!is_due(rule, number) || !is_drawn(rules, i, number)) continue;
    use_up(rule);
    return rule;
  }
  return NULL;
}

FaultRule *fault_take_refusal(FaultRules *rules, uint64_t number) {
  for (uint32_t i = 0; i < rules->rules.length; i++) {
    FaultRule *rule = &rules->rules.data[i];
    if (rule->kind != FAULT_REFUSE || rule->times == 0) continue;
    if (number != rule->from) continue;
    rule->times = 0;
    return rule;
  }
  return NULL;
}
