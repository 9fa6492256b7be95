/* SPDX-License-Identifier: MIT
 *
 * The object file (.apxmobj), drawn. Little-endian; every section begins on a
 * multiple of 8. Dump (dump.c) and load (load.c, verify.c) read this header,
 * the writer (build.c) too; nothing else knows the layout.
 *
 *     +--------------------+ 0
 *     | ObjHeader   (64)   | magic, version, total size, hash of the rest
 *     +--------------------+ 64
 *     | ObjSection  (24) x n
 *     +--------------------+
 *     | STRINGS            | text objects: {refs, kind, length, bytes, NUL}
 *     | CONSTS             | ObjConst
 *     | TYPES              | TypeRow
 *     | RECORDS  FIELDS    | what a type of kind RECORD consists of
 *     | PLACES             | ObjPlace: the source map
 *     | FLOWS  PARAMS      | what can be run, by name
 *     | GRAPHS             | ObjGraph: a range of nodes each
 *     | NODES              | ObjNode, and one sentinel after the last
 *     | KEYS               | uint64_t a node
 *     | INPUTS             | ObjRef, in node order: the edges
 *     | ATTRS              | ObjAttr, in node order
 *     | ARMS               | ObjArm, in node order: graphs of composites
 *     | META               | one ObjMeta
 *     +--------------------+
 *
 * A graph's nodes, in topological order:
 *
 *     PARAM x params | ... work, each composite followed by its PORTs ... |
 *     RESULT x results | END
 *
 * Parameters are the values first, then one effect token for each bit of
 * `spaces`; results are the values (of a flow: one, or none when it is void),
 * then the same tokens. A composite's PORTs mirror the results it gives; which
 * graphs it runs say its rows of ARMS, and how inputs and results are handed
 * on says ops.def. Node i's inputs are inputs[nodes[i].inputs ..
 * nodes[i+1].inputs - 1]; an input names an earlier node of the same graph or a
 * constant. Edges are stored once, at their consumer; the lists of consumers
 * are derived on load, so they cannot disagree. END has an order edge from
 * every node that nobody else reads.
 */
#ifndef APXM_CORE_OBJECT_FORMAT_H
#define APXM_CORE_OBJECT_FORMAT_H

#include <stdint.h>

enum { OBJ_VERSION = 2, OBJ_ALIGN = 8 };

/* Eight bytes that no text file begins with. */
#define OBJ_MAGIC "\x89" "APXM\r\n\x1a"

typedef struct ObjHeader {
  char magic[8];
  uint32_t version;       /* OBJ_VERSION */
  uint32_t flags;         /* 0 */
  uint64_t size;          /* bytes of the whole file */
  uint64_t hash[2];       /* XXH3-128 (low, high) of all that follows `hash` */
  uint32_t section_count; /* ObjSection records right after this header */
  uint32_t reserved[5];   /* 0 */
} ObjHeader;

enum { OBJ_HASHED_FROM = 40 }; /* offset of the first hashed byte */

typedef enum ObjSectionKind {
  OBJ_STRINGS = 1,
  OBJ_CONSTS,
  OBJ_TYPES,
  OBJ_RECORDS,
  OBJ_FIELDS,
  OBJ_PLACES,
  OBJ_FLOWS,
  OBJ_PARAMS,
  OBJ_GRAPHS,
  OBJ_NODES,
  OBJ_KEYS,
  OBJ_INPUTS,
  OBJ_ATTRS,
  OBJ_ARMS,
  OBJ_META,
  OBJ_SECTION_END
} ObjSectionKind;

/* Every kind from OBJ_STRINGS to OBJ_META appears exactly once, in order. */
typedef struct ObjSection {
  uint32_t kind;   /* ObjSectionKind */
  uint32_t record; /* bytes a record; 1 for STRINGS */
  uint64_t offset; /* from the start of the file, a multiple of 8 */
  uint64_t size;   /* bytes; records * record */
} ObjSection;

/* Byte offset of a text object in STRINGS. Offset 0 is the empty text. */
typedef uint32_t ObjString;

/* A text object, as the runtime sees text: used in place. */
typedef struct ObjText {
  uint32_t refs;   /* OBJ_IMMORTAL: never counted, never freed */
  uint32_t kind;   /* 0: text */
  uint64_t length; /* bytes, NUL not counted */
  char bytes[];    /* UTF-8, a NUL after them, padded to 8 */
} ObjText;

#define OBJ_IMMORTAL UINT32_C(0xFFFFFFFF)

typedef struct ObjConst {
  uint32_t type;    /* TYPE_TEXT, TYPE_NUM or TYPE_BOOL */
  ObjString string; /* of a text, else 0 */
  uint64_t bits;    /* the double's bits; 0 or 1 for a bool; else 0 */
} ObjConst;

/* A place in a source. Row 0 is "nowhere" (line 0). */
typedef struct ObjPlace {
  ObjString file;
  uint32_t line;   /* from 1 */
  uint32_t column; /* from 1 */
  uint32_t length; /* code points */
} ObjPlace;

typedef struct ObjFlow {
  ObjString agent;
  ObjString name;
  uint32_t graph;       /* its body; has param_count values as parameters */
  uint32_t first_param; /* row of PARAMS */
  uint32_t param_count;
  uint16_t result;      /* TypeId */
  uint16_t flags;       /* OBJ_FLOW_ENTRY */
  uint32_t place;       /* row of PLACES */
  uint32_t reserved;    /* 0 */
} ObjFlow;

enum { OBJ_FLOW_ENTRY = 1 }; /* marked @entry */

typedef struct ObjParam {
  ObjString name;
  uint32_t type; /* TypeId */
} ObjParam;

typedef struct ObjGraph {
  uint32_t first_node;   /* row of NODES */
  uint32_t node_count;
  uint16_t param_count;  /* PARAM nodes, effect tokens included */
  uint16_t result_count; /* RESULT nodes, effect tokens included */
  uint16_t spaces;       /* bit mask of Space */
  uint16_t flags;        /* OBJ_GRAPH_NESTED */
  ObjString name;        /* "Agent.flow", nested "Agent.flow/if#0/else" */
  uint32_t reserved;     /* 0 */
} ObjGraph;

enum { OBJ_GRAPH_NESTED = 1 }; /* part of a flow: an arm, a body, ... */

typedef struct ObjNode {
  uint8_t op;      /* Op */
  uint8_t flags;   /* ObjNodeFlag */
  uint16_t type;   /* TypeId of the value in its slot */
  uint32_t inputs; /* row of INPUTS */
  uint32_t attrs;  /* row of ATTRS */
  uint32_t arms;   /* row of ARMS; up to the next node's */
  uint32_t rank;   /* bottom level: expected time to the end of the graph, ms */
  uint32_t place;  /* row of PLACES */
} ObjNode;

typedef enum ObjNodeFlag {
  OBJ_NODE_LISTS = 1 /* of LOOP: the body's first result is collected */
} ObjNodeFlag;

/* Which graph of a composite an ObjArm is. The order of a node's arms: as
 * here, cases in the order of the program. */
typedef enum ObjArmKind {
  OBJ_ARM_BODY,    /* of CALL, LOOP, WHILE and TRY: needed */
  OBJ_ARM_CATCH,   /* of TRY: needed */
  OBJ_ARM_TRUE,    /* of BRANCH on a bool: both needed */
  OBJ_ARM_FALSE,
  OBJ_ARM_CASE,    /* of BRANCH on a text; labels differ when folded */
  OBJ_ARM_DEFAULT, /* of the same; without one, no match is a failure */
  OBJ_ARM_ABSENT,  /* of BRANCH: when the control value is absent; without one
                      it is never absent */
  OBJ_ARM_KIND_COUNT
} ObjArmKind;

typedef struct ObjArm {
  uint32_t kind;  /* ObjArmKind */
  uint32_t label; /* of CASE: row of CONSTS, a text; else 0 */
  uint32_t graph; /* row of GRAPHS */
} ObjArm;

/* A field of a record type, in the order of the declaration. */
typedef struct ObjField {
  ObjString name;
  uint32_t type; /* TypeId */
} ObjField;

typedef struct ObjRecord {
  ObjString name;
  uint32_t first_field; /* row of FIELDS; up to the next record's */
  uint32_t field_count;
} ObjRecord;

/* An input: a node of the same graph (index within it), or a constant. */
typedef uint32_t ObjRef;
#define OBJ_REF_CONST UINT32_C(0x80000000) /* the rest is a row of CONSTS */
#define OBJ_REF_ORDER UINT32_C(0x40000000) /* an edge that carries no value */
#define OBJ_REF_INDEX UINT32_C(0x0FFFFFFF)

typedef struct ObjAttr {
  uint32_t attr;  /* Attr */
  uint32_t value; /* row of CONSTS */
} ObjAttr;

typedef struct ObjMeta {
  ObjString source;      /* file name as given to the compiler */
  ObjString producer;    /* "apxm 0.1.0" */
  uint32_t optimization; /* 0..3 */
  uint32_t reserved;     /* 0 */
} ObjMeta;

_Static_assert(sizeof(ObjHeader) == 64, "drawn above");
_Static_assert(sizeof(ObjSection) == 24, "drawn above");
_Static_assert(sizeof(ObjText) == 16, "bytes begin on 8");
_Static_assert(sizeof(ObjNode) == 24, "hot: three lines hold eight");

#endif
