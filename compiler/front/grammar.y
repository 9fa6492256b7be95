/* SPDX-License-Identifier: MIT
 *
 * The grammar, made by lemon; parse.c includes the result and feeds it. One
 * ast_ call an action; the tree_ files have them.
 *
 * Where a statement ends. `;` is optional, so what may begin a statement must
 * not be able to continue one. Three pairs of tokens see to that, and the
 * feeder (parse.c) tells the two of a pair apart by what stands before them:
 * LPAREN, LBRACKET and MINUS continue an operand on the same line (a call, an
 * index, a subtraction); NL_LPAREN, NL_LBRACKET and NEG begin one.
 *
 * Soft words are keywords where the grammar has a place for them and names
 * everywhere else (%fallback).
 *
 * Errors. `error` stands where a part can be given up; what follows it is never
 * in the source: the feeder skips to a place where it makes sense to go on and
 * says so with SYNC (or SYNC_BODY, when that place is the body of a flow or a
 * construct whose head is wrong).
 */
%name grammar
%token_prefix TK_
%token_type {Token}
%default_type {AstExpr *}
%extra_context {Parser *p}
%stack_size 16000

%token BAD FOREIGN SYNC SYNC_BODY.

%fallback NAME PARALLEL CASE DEFAULT CATCH IN TYPE IMPORT MEMORY BELIEFS FROM
  GOALS PRIORITY CAPABILITY TOOLS DISCOVERABLE CONTEXT WITH ON.

/* `return` takes what can be an expression after it (the feeder ends it where
 * a new line does), `else` belongs to the nearest `if`, and a legacy call has
 * all that follows as its prompt. */
%left ALONE.
%left NAME NUM DURATION TEXT TEXT_OPEN TRUE FALSE NULL NOT NEG NL_LPAREN
  NL_LBRACKET LEGACY LEGACY_LIST ELSE WITH.
%left PIPE FEED.
%left LEGACY_TIER.
%left OR.
%left AND.
%left EQ_EQ NOT_EQ.
%left LT LE GT GE.
%left PLUS MINUS.
%left STAR SLASH PERCENT.
%left PREFIX.
%left LPAREN LBRACKET DOT.

%syntax_error { syntax_error(yypParser, yymajor, p); }
%stack_overflow { stack_overflow(p); }

%type decls {int}
%type agent_open {int}
%type flow_open {int}
%type params {int}
%type param_list {int}
%type result {int}
%type block_open {int}
%type marks {AstMarks}
%type mark {AstMark *}
%type type {AstType *}
%type block {AstBlock}
%type target {AstTarget}
%type targets {AstTargets}
%type stmt {AstStmt *}
%type closed {AstStmt *}
%type if_open {AstStmt *}
%type if_block {AstStmt *}
%type if_bare {AstStmt *}
%type loop_open {AstStmt *}
%type while_open {AstStmt *}
%type try_block {AstStmt *}
%type try_catch {AstStmt *}
%type switch_open {AstStmt *}
%type label {AstExpr *}
%type elements {AstList}
%type list {AstList}
%type call {AstArgs}
%type interpolation {AstList}
%type args {AstArgs}
%type options {AstArgs}
%type event {AstName}

/* ---- declarations -------------------------------------------------------- */

file ::= decls END.

decls ::= .
decls ::= decls agent.
decls ::= decls record.
decls ::= decls import.
decls ::= decls SEMI.
decls ::= decls error SYNC.        { ast_recovered(p); }

import ::= IMPORT(I) TEXT(T).      { ast_import(p, I, T); }

record ::= record_open fields RBRACE. { ast_braces_close(p); }
record_open ::= TYPE NAME(N) LBRACE(B). { ast_record_open(p, N, B); }
fields ::= .
fields ::= fields NAME(N) COLON type(T). { ast_field(p, N, T); }
fields ::= fields separator.
fields ::= fields error SYNC.      { ast_recovered(p); }

separator ::= COMMA.
separator ::= SEMI.

/* ---- agents -------------------------------------------------------------- */

agent ::= agent_open items RBRACE. { ast_braces_close(p); }
agent_open ::= AGENT NAME(N) LBRACE(B). { ast_agent_open(p, N, B); }

items ::= .
items ::= items flow.
items ::= items item.
items ::= items separator.
items ::= items error SYNC.        { ast_recovered(p); }

item ::= MEMORY memory.
item ::= MEMORY braces_open memories braces_close.
memories ::= .
memories ::= memories memory.
memories ::= memories separator.
memories ::= memories error SYNC.  { ast_recovered(p); }
memory ::= NAME(N) COLON NAME(T).  { ast_memory(p, N, T); }

item ::= BELIEFS braces_open beliefs braces_close.
beliefs ::= .
beliefs ::= beliefs NAME(N) is expr. { ast_item(p, ITEM_BELIEF, N, N); }
beliefs ::= beliefs NAME(N) is FROM expr. { ast_item(p, ITEM_BELIEF, N, N); }
beliefs ::= beliefs separator.
beliefs ::= beliefs error SYNC.    { ast_recovered(p); }
is ::= COLON.
is ::= EQ.

item ::= GOALS braces_open goals braces_close.
goals ::= .
goals ::= goals NAME(N).           { ast_item(p, ITEM_GOAL, N, N); }
goals ::= goals NAME(N) lparen call. { ast_item(p, ITEM_GOAL, N, N); }
goals ::= goals NAME(N) COLON TEXT. { ast_item(p, ITEM_GOAL, N, N); }
goals ::= goals NAME(N) COLON TEXT PRIORITY NUM. {
  ast_item(p, ITEM_GOAL, N, N);
}
goals ::= goals NAME(N) COLON TEXT lparen NUM RPAREN. {
  ast_item(p, ITEM_GOAL, N, N);
}
goals ::= goals separator.
goals ::= goals error SYNC.        { ast_recovered(p); }

item ::= capability params result. { ast_capability_close(p); }
capability ::= CAPABILITY(W) NAME(N). { ast_item(p, ITEM_CAPABILITY, W, N); }

item ::= tools_open RBRACKET.
item ::= tools_open tools RBRACKET.
item ::= tools_open tools COMMA RBRACKET.
tools_open ::= TOOLS COLON NL_LBRACKET. { p->item_kind = ITEM_TOOLS; }
tools_open ::= DISCOVERABLE COLON NL_LBRACKET. {
  p->item_kind = ITEM_DISCOVERABLE;
}
tools ::= NAME(N).                 { ast_item(p, p->item_kind, N, N); }
tools ::= tools COMMA NAME(N).     { ast_item(p, p->item_kind, N, N); }

item ::= CONTEXT COLON TEXT(T).    { ast_context(p, T); }

item ::= handler CASE_ARROW block. { ast_recovered(p); }
item ::= handler CASE_ARROW expr.  { ast_recovered(p); }
handler ::= handler_open.
handler ::= handler_open IF expr.
handler_open ::= ON(O) event(N) braces_open details braces_close. {
  ast_handler(p, O, N);
}
event(A) ::= NAME(N).              { A = ast_event(p, N, N); }
event(A) ::= event(E) DOT NAME(N). { A = ast_event_part(p, E, N); }
details ::= .
details ::= details NAME.
details ::= details NAME COLON NAME.
details ::= details separator.
details ::= details error SYNC.    { ast_recovered(p); }

braces_open ::= LBRACE(B).         { ast_braces_open(p, B); }
braces_close ::= RBRACE.           { ast_braces_close(p); }

/* ---- flows --------------------------------------------------------------- */

flow ::= flow_open params result flow_body.
flow ::= flow_open error SYNC_BODY flow_body.
flow ::= flow_open error SYNC.     { ast_flow_lost(p); }
flow_body ::= block(B).            { ast_flow_body(p, B); }

flow_open ::= FLOW(F) NAME(N).     { ast_flow_open(p, ast_no_marks(), F, N); }
flow_open ::= marks(M) FLOW(F) NAME(N). { ast_flow_open(p, M, F, N); }

marks(A) ::= mark(N).              { A = ast_marks_add(p, ast_no_marks(), N); }
marks(A) ::= marks(M) mark(N).     { A = ast_marks_add(p, M, N); }
mark(A) ::= AT(T) NAME(N).         { A = ast_mark(p, T, N, NULL, N); }
mark(A) ::= AT(T) NAME(N) LPAREN call(L). {
  A = ast_mark(p, T, N, &L, N);
}
mark(A) ::= AT(T) NL_LBRACKET NAME(N) RBRACKET(E). {
  A = ast_mark(p, T, N, NULL, E);
}
mark(A) ::= AT(T) NL_LBRACKET NAME(N) LPAREN call(L) RBRACKET(E). {
  A = ast_mark(p, T, N, &L, E);
}

params ::= .
params ::= lparen RPAREN.
params ::= lparen param_list RPAREN.
params ::= lparen param_list COMMA RPAREN.
lparen ::= LPAREN.
lparen ::= NL_LPAREN.
param_list ::= param.
param_list ::= param_list COMMA param.
param ::= NAME(N) COLON type(T).   { ast_param(p, N, T); }

result ::= .
result ::= ARROW type(T).          { ast_result(p, T); }

type(A) ::= NAME(N).                     { A = ast_type(p, N); }
type(A) ::= NAME(N) LT type(T) GT(E).    { A = ast_type_of(p, N, T, E); }

/* ---- statements ---------------------------------------------------------- */

block(A) ::= block_open stmts RBRACE(B). { A = ast_block_close(p, B); }
block_open ::= LBRACE(B).          { ast_block_open(p, B); }

stmts ::= .                        { ast_stmt_begin(p); }
stmts ::= stmts stmt(S).           { ast_stmt(p, S); }
stmts ::= stmts marks(M) stmt(S).  { ast_marked(p, M, S); }
stmts ::= stmts SEMI.              { ast_stmt_begin(p); }
stmts ::= stmts error SYNC.        { ast_stmt_lost(p); }

stmt(A) ::= LET(L) NAME(N) EQ expr(E). { A = ast_let(p, L, N, NULL, E); }
stmt(A) ::= LET(L) NAME(N) COLON type(T) EQ expr(E). {
  A = ast_let(p, L, N, T, E);
}
stmt(A) ::= expr(E) ARROW targets(T). { A = ast_bind(p, E, T); }
stmt(A) ::= expr(N) EQ expr(E).    { A = ast_assign(p, N, E); }
stmt(A) ::= expr(E).               { A = ast_value(p, E); }
stmt(A) ::= RETURN(R). [ALONE]     { A = ast_return(p, R, NULL); }
stmt(A) ::= RETURN(R) expr(E).     { A = ast_return(p, R, E); }

target(A) ::= NAME(N).             { A = ast_target(p, N, NULL); }
target(A) ::= NAME(N) COLON type(T). { A = ast_target(p, N, T); }
targets(A) ::= target(T).          { A = ast_targets(T); }
targets(A) ::= targets(L) COMMA target(T). { A = ast_targets_add(p, L, T); }

/* ---- constructs ---------------------------------------------------------- */

/* What ends with a brace is "closed": only that can be bound with `->`, since
 * after a bare statement the arrow would be the statement's own. */
stmt(A) ::= closed(S).             { A = S; }
stmt(A) ::= closed(S) ARROW targets(T). { A = ast_yield(p, S, T); }
stmt(A) ::= if_bare(S). [ALONE]    { A = ast_close(p, S); }
stmt(A) ::= if_bare(S) ELSE(W) stmt(B). { A = ast_else_bare(p, S, W, B); }
stmt(A) ::= if_block(S) ELSE(W) stmt(B). { A = ast_else_bare(p, S, W, B); }
stmt(A) ::= loop_open(S) stmt(B).  { A = ast_body_bare(p, S, B); }
stmt(A) ::= while_open(S) stmt(B). { A = ast_body_bare(p, S, B); }
stmt(A) ::= IF error SYNC.         { A = NULL; }
stmt(A) ::= LOOP error SYNC.       { A = NULL; }
stmt(A) ::= WHILE error SYNC.      { A = NULL; }
stmt(A) ::= SWITCH error SYNC.     { A = NULL; }

closed(A) ::= if_block(S). [ALONE] { A = ast_close(p, S); }
closed(A) ::= if_bare(S) ELSE(W) block(B). { A = ast_else(p, S, W, B); }
closed(A) ::= if_block(S) ELSE(W) block(B). { A = ast_else(p, S, W, B); }
closed(A) ::= loop_open(S) block(B). { A = ast_body(p, S, B); }
closed(A) ::= while_open(S) block(B). { A = ast_body(p, S, B); }
closed(A) ::= PARALLEL(W) block(B). { A = ast_parallel(p, W, B); }
closed(A) ::= try_catch(S) block(B). { A = ast_body(p, S, B); }
closed(A) ::= switch_open(S) cases RBRACE. { A = ast_switch_close(p, S); }

if_block(A) ::= if_open(S) block(B). { A = ast_then(p, S, B); }
if_bare(A) ::= if_open(S) stmt(B). { A = ast_then_bare(p, S, B); }
if_open(A) ::= IF(W) lparen expr(E) RPAREN. { A = ast_if(p, W, E); }
if_open(A) ::= IF(W) error SYNC_BODY. { A = ast_if(p, W, ast_error(p, W)); }

loop_open(A) ::= LOOP(W) lparen NAME(N) IN expr(E) options(O) RPAREN. {
  A = ast_loop(p, W, N, E, O);
}
loop_open(A) ::= LOOP(W) error SYNC_BODY. { A = ast_loop_lost(p, W); }

while_open(A) ::= WHILE(W) lparen expr(E) options(O) RPAREN. {
  A = ast_while(p, W, E, O);
}
while_open(A) ::= WHILE(W) error SYNC_BODY. { A = ast_while_lost(p, W); }

options(A) ::= .                   { A = ast_no_args(); }
options(A) ::= options(L) COMMA NAME(N) COLON expr(E). {
  A = ast_attr(p, L, N, E);
}

try_block(A) ::= TRY(W) block(B).  { A = ast_try(p, W, B); }
try_catch(A) ::= try_block(S) CATCH(W). { A = ast_catch(p, S, W, NULL); }
try_catch(A) ::= try_block(S) CATCH(W) lparen NAME(N) RPAREN. {
  A = ast_catch(p, S, W, &N);
}
try_catch(A) ::= try_block(S) CATCH(W) error SYNC_BODY. {
  A = ast_catch_lost(p, S, W);
}

switch_open(A) ::= SWITCH(W) expr(E) LBRACE(B). {
  A = ast_switch(p, W, E, B);
}
switch_open(A) ::= SWITCH(W) error SYNC_BODY LBRACE(B). {
  A = ast_switch(p, W, ast_error(p, W), B);
}
cases ::= .
cases ::= cases label CASE_ARROW block(B). { ast_case(p, B); }
cases ::= cases label CASE_ARROW stmt(B). { ast_case_bare(p, B); }
cases ::= cases SEMI.
cases ::= cases error SYNC.        { ast_case_lost(p); }
label ::= CASE(W) TEXT(T).         { ast_label(p, W, &T); }
label ::= DEFAULT(W).              { ast_label(p, W, NULL); }

/* ---- expressions --------------------------------------------------------- */

expr(A) ::= NAME(N).               { A = ast_name(p, N); }
expr(A) ::= NUM(N).                { A = ast_num(p, N); }
expr(A) ::= DURATION(N).           { A = ast_duration(p, N); }
expr(A) ::= TEXT(T).               { A = ast_text(p, T); }
expr(A) ::= TRUE(T).               { A = ast_bool(p, T, true); }
expr(A) ::= FALSE(T).              { A = ast_bool(p, T, false); }
expr(A) ::= NULL(T).               { A = ast_null(p, T); }
expr(A) ::= interpolation(L) TEXT_CLOSE(T). { A = ast_text_close(p, L, T); }
expr(A) ::= NL_LPAREN(B) expr(E) RPAREN(C). { A = ast_group(p, B, E, C); }
expr(A) ::= NL_LBRACKET(B) list(L). { A = ast_list(p, B, L); }
expr(A) ::= expr(F) LPAREN call(L). { A = ast_call(p, F, L); }
expr(A) ::= expr(B) LBRACKET expr(I) RBRACKET(C). {
  A = ast_index(p, B, I, C);
}
expr(A) ::= expr(B) DOT NAME(N).   { A = ast_member(p, B, N); }
expr(A) ::= LEGACY(N) expr(E). [ALONE] { A = ast_legacy(p, N, E, NULL); }
expr(A) ::= LEGACY(N) expr(E) WITH expr(T). [ALONE] {
  A = ast_legacy(p, N, E, T);
}
expr(A) ::= LEGACY_LIST(N) NL_LBRACKET list(L). {
  A = ast_legacy_list(p, N, L);
}
expr(A) ::= LEGACY_TIER(N) NAME(T) expr(E). [LEGACY_TIER] {
  A = ast_legacy(p, N, E, ast_word(p, T));
}

expr(A) ::= NEG(O) expr(E). [PREFIX] { A = ast_unary(p, OP_NEG, O, E); }
expr(A) ::= NOT(O) expr(E). [PREFIX] { A = ast_unary(p, OP_NOT, O, E); }
expr(A) ::= expr(L) PLUS expr(R).  { A = ast_plus(p, L, R); }
expr(A) ::= expr(L) MINUS expr(R). { A = ast_binary(p, OP_SUB, L, R); }
expr(A) ::= expr(L) STAR expr(R).  { A = ast_binary(p, OP_MUL, L, R); }
expr(A) ::= expr(L) SLASH expr(R). { A = ast_binary(p, OP_DIV, L, R); }
expr(A) ::= expr(L) PERCENT expr(R). { A = ast_binary(p, OP_MOD, L, R); }
expr(A) ::= expr(L) LT expr(R).    { A = ast_binary(p, OP_LT, L, R); }
expr(A) ::= expr(L) LE expr(R).    { A = ast_binary(p, OP_LE, L, R); }
expr(A) ::= expr(L) GT expr(R).    { A = ast_binary(p, OP_GT, L, R); }
expr(A) ::= expr(L) GE expr(R).    { A = ast_binary(p, OP_GE, L, R); }
expr(A) ::= expr(L) EQ_EQ expr(R). { A = ast_binary(p, OP_EQ, L, R); }
expr(A) ::= expr(L) NOT_EQ expr(R). { A = ast_binary(p, OP_NE, L, R); }
expr(A) ::= expr(L) AND expr(R).   { A = ast_binary(p, OP_AND, L, R); }
expr(A) ::= expr(L) OR expr(R).    { A = ast_binary(p, OP_OR, L, R); }
expr(A) ::= expr(L) PIPE expr(R).  { A = ast_pipe(p, L, R); }
expr(A) ::= expr(L) FEED expr(R).  { A = ast_feed(p, L, R); }

/* What follows the opening bracket. No rule for "nothing": the parser would
 * apply it before it looks at what does follow, and could no longer say what
 * was expected. */
list(A) ::= RBRACKET(E).                { A = ast_list_end(ast_no_list(), E); }
list(A) ::= elements(L) RBRACKET(E).       { A = ast_list_end(L, E); }
list(A) ::= elements(L) COMMA RBRACKET(E). { A = ast_list_end(L, E); }
call(A) ::= RPAREN(E).                  { A = ast_args_end(ast_no_args(), E); }
call(A) ::= args(L) RPAREN(E).          { A = ast_args_end(L, E); }
call(A) ::= args(L) COMMA RPAREN(E).    { A = ast_args_end(L, E); }

interpolation(A) ::= TEXT_OPEN(T) hole(E). {
  A = ast_text_piece(p, ast_no_list(), T, E);
}
interpolation(A) ::= interpolation(L) TEXT_MID(T) hole(E). {
  A = ast_text_piece(p, L, T, E);
}
hole(A) ::= .                      { A = ast_empty_hole(p); }
hole(A) ::= expr(E).               { A = E; }

elements(A) ::= expr(E).           { A = ast_list_add(ast_no_list(), E); }
elements(A) ::= elements(L) COMMA expr(E). { A = ast_list_add(L, E); }

args(A) ::= expr(E).               { A = ast_arg(p, ast_no_args(), E); }
args(A) ::= NAME(N) COLON expr(E). { A = ast_attr(p, ast_no_args(), N, E); }
args(A) ::= args(L) COMMA expr(E). { A = ast_arg(p, L, E); }
args(A) ::= args(L) COMMA NAME(N) COLON expr(E). { A = ast_attr(p, L, N, E); }
