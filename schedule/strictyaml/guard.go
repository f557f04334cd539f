package strictyaml

import "github.com/goccy/go-yaml/token"

const (
	// MaxBytes of one file.
	MaxBytes = 4 << 20
	// MaxDepth of mappings and sequences in one another.
	MaxDepth = 32
	// maxIndicators bounds the "-" and ":" that nest on one line ("- - - x"), or between two commas.
	maxIndicators = 16
)

// guard refuses what is not part of the subset and what nests too deep. It goes before the parser,
// which recurses once for each level and would use up its stack.
func guard(file string, tokens token.Tokens) error {
	depth, indicators, line := 0, 0, 0
	for _, t := range tokens {
		refused := ""
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			refused = "anchors, aliases and merge keys (& * <<) are not taken"
		case token.TagType:
			refused = "tags (!) are not taken"
		case token.DirectiveType:
			refused = "directives (%) are not taken"
		case token.MappingKeyType:
			refused = "keys that are written with ? are not taken"
		case token.SequenceStartType, token.MappingStartType:
			indicators = 0
			if depth++; depth > MaxDepth {
				refused = "nested too deep"
			}
		case token.SequenceEndType, token.MappingEndType:
			indicators = 0
			depth--
		case token.CollectEntryType:
			indicators = 0
		case token.SequenceEntryType, token.MappingValueType:
			if depth <= 0 && t.Position.Line != line {
				line, indicators = t.Position.Line, 0
			}
			if indicators++; indicators > maxIndicators {
				refused = "nested too deep on one line"
			}
		}
		if refused != "" {
			return &Error{File: file, Line: t.Position.Line, Text: refused}
		}
	}
	return nil
}
