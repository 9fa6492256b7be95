/* SPDX-License-Identifier: MIT
 *
 * The grammar, made by lemon; parse.c includes the result and feeds it. One
 * ast_ call an action; tree.c has them.
 *
 * Where a statement ends. `;` is optional, so what may begin a statement (a
 * "lead") must not be able to continue one. Two tokens see to that: NL_LPAREN
 * and NL_LBRACKET are `(` and `[` that come first on their line (or after `{`
 * and `;`); only these begin a statement and only the plain ones continue a
 * name to a call. A leading `-` begins none, so `a -1` is never two statements.
 *
 * Errors. `error` stands where a part can be given up; what follows it is never
 * in the source: the feeder skips to a place where it makes sense to go on and
 * says so with SYNC (or SYNC_BODY, when that place is the body of a flow whose
 * head is wrong).
 */
%name grammar
%token_prefix TK_
%token_type {Token}
%default_type {AstExpr *}
%extra_context {Parser *p}
%stack_size 12000

%token BAD NL_LPAREN NL_LBRACKET SYNC SYNC_BODY.

/* `return` takes what can be an expression after it, but not a bracket that
 * begins the next line. */
%left RETURN_ALONE NL_LPAREN NL_LBRACKET.
%left NAME NUM TEXT TEXT_OPEN TRUE FALSE.

%syntax_error { syntax_error(yypParser, yymajor, p); }
%stack_overflow { stack_overflow(p); }

%type open_agent {int}
%type flow_head {int}
%type params {int}
%type param_list {int}
%type result {int}
%type body_open {int}
%type marks {AstMarks}
%type type {AstType *}
%type stmt {AstStmt *}
%type elements {AstList}
%type list {AstList}
%type call {AstArgs}
%type sum {AstList}
%type lead_sum {AstList}
%type interpolation {AstList}
%type args {AstArgs}

/* ---- agents and flows ---------------------------------------------------- */

file ::= agents END.

agents ::= .
agents ::= agents agent.
agents ::= agents error SYNC.      { ast_recovered(p); }

agent ::= agent_open items RBRACE. { ast_agent_close(p); }
agent_open ::= AGENT NAME(N) LBRACE(B). { ast_agent_open(p, N, B); }

items ::= .
items ::= items flow.
items ::= items SEMI.
items ::= items error SYNC.        { ast_recovered(p); }

flow ::= flow_open params result body.
flow ::= flow_open error SYNC_BODY body.
flow ::= flow_open error SYNC.     { ast_flow_lost(p); }

flow_open ::= FLOW(F) NAME(N).     { ast_flow_open(p, ast_no_marks(), F, N); }
flow_open ::= marks(M) FLOW(F) NAME(N). { ast_flow_open(p, M, F, N); }

marks(A) ::= AT(T) NAME(N).          { A = ast_mark(p, ast_no_marks(), T, N); }
marks(A) ::= marks(M) AT(T) NAME(N). { A = ast_mark(p, M, T, N); }

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

body ::= body_open stmts RBRACE(B). { ast_body_close(p, B); }
body_open ::= LBRACE(B).            { ast_body_open(p, B); }

stmts ::= .                        { ast_stmt_begin(p); }
stmts ::= stmts stmt(S).           { ast_stmt(p, S); }
stmts ::= stmts SEMI.              { ast_stmt_begin(p); }
stmts ::= stmts error SYNC.        { ast_stmt_lost(p); }

stmt(A) ::= LET NAME(N) EQ expr(E). { A = ast_bind(p, N, NULL, E); }
stmt(A) ::= LET NAME(N) COLON type(T) EQ expr(E). { A = ast_bind(p, N, T, E); }
stmt(A) ::= lead_expr(E) ARROW NAME(N). { A = ast_bind(p, N, NULL, E); }
stmt(A) ::= lead_expr(E).           { A = ast_value(p, E); }
stmt(A) ::= RETURN. [RETURN_ALONE]  { A = ast_return(p, NULL); }
stmt(A) ::= RETURN expr(E).         { A = ast_return(p, E); }

/* ---- expressions --------------------------------------------------------- */

expr(A) ::= sum(S).                { A = ast_concat(p, S); }
sum(A) ::= primary(E).             { A = ast_list_add(ast_no_list(), E); }
sum(A) ::= sum(S) PLUS primary(E). { A = ast_list_add(S, E); }

lead_expr(A) ::= lead_sum(S).      { A = ast_concat(p, S); }
lead_sum(A) ::= lead(E).           { A = ast_list_add(ast_no_list(), E); }
lead_sum(A) ::= lead_sum(S) PLUS primary(E). { A = ast_list_add(S, E); }

primary(A) ::= lead(E).            { A = E; }
primary(A) ::= LPAREN expr(E) RPAREN. { A = E; }
primary(A) ::= LBRACKET(B) list(L). { A = ast_list(p, B, L); }
primary(A) ::= MINUS(M) NUM(N).    { A = ast_num(p, M, N); }

lead(A) ::= NAME(N).               { A = ast_name(p, N); }
lead(A) ::= NUM(N).                { A = ast_num(p, N, N); }
lead(A) ::= TEXT(T).               { A = ast_text(p, T); }
lead(A) ::= TRUE(T).               { A = ast_bool(p, T, true); }
lead(A) ::= FALSE(T).              { A = ast_bool(p, T, false); }
lead(A) ::= NL_LPAREN expr(E) RPAREN. { A = E; }
lead(A) ::= NL_LBRACKET(B) list(L). { A = ast_list(p, B, L); }
lead(A) ::= interpolation(L) TEXT_CLOSE(T). { A = ast_text_close(p, L, T); }
lead(A) ::= NAME(N) LPAREN call(L). { A = ast_call(p, N, N, L); }
lead(A) ::= NAME(G) DOT NAME(N) LPAREN call(L). { A = ast_call(p, G, N, L); }

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
