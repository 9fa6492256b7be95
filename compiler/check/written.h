/* SPDX-License-Identifier: MIT
 *
 * Types: as written in the source, and how two relate. TYPE_NONE, the type of
 * what was reported already, suits every place.
 */
#ifndef APXM_COMPILER_CHECK_WRITTEN_H
#define APXM_COMPILER_CHECK_WRITTEN_H

#include "compiler/check/check_int.h"

/* The type as written; reports what is wrong with it. The second one does not
 * take void: `of_what` would be of that type ("a parameter"). */
TypeId check_written_type(Check *c, const AstType *type);
TypeId check_value_type(Check *c, const AstType *type, const char *of_what);

bool check_is_builtin_type(Slice name);
TypeId check_error_type(Check *c); /* what `catch (e)` binds */

bool check_fits(const Check *c, TypeId from, TypeId to);
/* The type both fit, if there is one. */
bool check_common_type(const Check *c, TypeId a, TypeId b, TypeId *common);

TypeKind check_kind(const Check *c, TypeId type); /* COUNT of TYPE_NONE */
/* What a list's type has inside; json of the empty list's. */
TypeId check_element(const Check *c, TypeId list);
/* list<element>; of TYPE_NONE the empty list's type. TYPE_NONE when it would be
 * nested too deeply, which the second one reports. */
TypeId check_list_type(Check *c, TypeId element);
TypeId check_list_of(Check *c, TypeId element, Span span);

#endif
