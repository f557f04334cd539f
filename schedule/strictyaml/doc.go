// Package strictyaml reads the YAML that a person wrote into a small tree that knows its lines, so that
// whatever is wrong with a value can be told with file and line.
//
// It takes the part of YAML 1.2 that a configuration needs: one document of mappings, sequences and
// scalars, in block or flow style. Anchors, aliases, merge keys, tags, directives and complex keys are
// refused: they are how a small file becomes a large tree. Keys of a mapping are distinct. Input is
// bounded by [MaxBytes] and [MaxDepth] before anything recurses into it. Numbers with an exponent and no
// point ("1e3") are text.
//
// What is written plainly is read in place, by a reader that leaves everything else to the full parser.
//
// An [Error] never quotes a value: a value may be a secret.
package strictyaml
