// Block comments, which nest.

#include "tree_sitter/parser.h"

enum { BLOCK_COMMENT };

void *tree_sitter_netc_external_scanner_create(void) { return NULL; }

void tree_sitter_netc_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_netc_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_netc_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}

// Whether the next character is this one, which is read then.
static bool reads(TSLexer *lexer, int32_t character) {
  if (lexer->eof(lexer) || lexer->lookahead != character) return false;
  lexer->advance(lexer, false);
  return true;
}

bool tree_sitter_netc_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
  (void)payload;
  if (!valid_symbols[BLOCK_COMMENT]) return false;
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t' || lexer->lookahead == '\n' || lexer->lookahead == '\r') {
    lexer->advance(lexer, true);
  }
  if (!reads(lexer, '/') || !reads(lexer, '*')) return false;
  unsigned depth = 1;
  while (depth > 0) {
    if (lexer->eof(lexer)) return false;
    if (reads(lexer, '/')) {
      if (reads(lexer, '*')) depth++;
    } else if (reads(lexer, '*')) {
      if (reads(lexer, '/')) depth--;
    } else {
      lexer->advance(lexer, false);
    }
  }
  lexer->result_symbol = BLOCK_COMMENT;
  return true;
}
