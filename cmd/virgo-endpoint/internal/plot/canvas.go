package plot

import "strings"

const (
	dotsX, dotsY = 2, 4 // of a character
	braille      = 0x2800
)

// A canvas is a grid of dots; 0, 0 is at the top left.
type canvas struct {
	width, height int // in characters
	cells         []rune
}

func newCanvas(width, height int) *canvas {
	return &canvas{width, height, make([]rune, width*height)}
}

// set sets a dot; what is outside is not drawn.
func (c *canvas) set(x, y int) {
	if x < 0 || y < 0 || x >= c.width*dotsX || y >= c.height*dotsY {
		return
	}
	// The bits of a character (Unicode, "Braille Patterns"): the dots of the two columns from top to bottom.
	bits := [dotsX][dotsY]rune{{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}}
	c.cells[y/dotsY*c.width+x/dotsX] |= bits[x%dotsX][y%dotsY]
}

// line sets the dots between two dots.
func (c *canvas) line(x0, y0, x1, y1 int) {
	steps := max(abs(x1-x0), abs(y1-y0), 1)
	for i := range steps + 1 {
		c.set(x0+round(i*(x1-x0), steps), y0+round(i*(y1-y0), steps))
	}
}

func abs(n int) int { return max(n, -n) }

// round divides and rounds to the nearest.
func round(a, b int) int {
	if a < 0 {
		return -((-a + b/2) / b)
	}
	return (a + b/2) / b
}

// row returns a line of characters, without blanks at its end.
func (c *canvas) row(y int) string {
	var b strings.Builder
	for _, dots := range c.cells[y*c.width : (y+1)*c.width] {
		if dots == 0 {
			b.WriteByte(' ')
		} else {
			b.WriteRune(braille + dots)
		}
	}
	return strings.TrimRight(b.String(), " ")
}
