// Package plot draws how a number changed over time as text: a line of braille dots, two by four in each
// character, with axes. It fits the width it is given, needs no colours, and leaves gaps where values are
// missing.
//
// Libraries that were looked at: guptarohit/asciigraph draws one value a column with box characters, a quarter of
// the resolution and no band from minimum to maximum; NimbleMarkets/ntcharts has braille, and brings bubbletea and
// fifteen more modules for what is interactive there.
package plot
