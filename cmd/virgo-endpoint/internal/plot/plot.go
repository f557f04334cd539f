package plot

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of a chart, in characters.
const (
	MinWidth, MaxWidth   = 40, 1000
	MinHeight, MaxHeight = 4, 100
	rowsPerTick          = 4
	columnsPerTick       = 12
)

// A Point is what is drawn at a time: the line goes through Value, and a band from Low to High.
type Point struct {
	Time             time.Time
	Low, High, Value float64
	// Gap is true if no line is drawn from the point before.
	Gap bool
}

// A Chart is what Draw draws.
type Chart struct {
	// Width is that of a whole line, Height that of the drawing without the time axis.
	Width, Height int
	// From and To are the ends of the time axis. Its labels are in the zone of From.
	From, To time.Time
	// Points are in the order of time.
	Points []Point
	// Label is the label of a value; Binary is for values whose ticks are multiples of powers of two.
	Label  func(v float64) string
	Binary bool
}

// Draw returns the chart as lines of text.
func (c *Chart) Draw() string {
	width, height := min(max(c.Width, MinWidth), MaxWidth), min(max(c.Height, MinHeight), MaxHeight)
	low, high := c.bounds()
	ticks := valueTicks(low, high, height/rowsPerTick+1, c.Binary)
	low, high = ticks[0], ticks[len(ticks)-1]
	labels, margin := make(map[int]string), 0 // by row
	for _, tick := range ticks {
		text := c.Label(tick)
		row := int(math.Round((high - tick) / (high - low) * float64(height-1)))
		labels[row] = text
		margin = max(margin, utf8.RuneCountInString(text))
	}
	drawing := newCanvas(max(width-margin-2, 1), height)
	c.drawPoints(drawing, low, high)
	var b strings.Builder
	for row := range height {
		text, axis := labels[row], "│"
		if text != "" {
			axis = "┤"
		}
		b.WriteString(strings.Repeat(" ", margin-utf8.RuneCountInString(text)))
		b.WriteString(strings.TrimRight(text+" "+axis+drawing.row(row), " ") + "\n")
	}
	c.drawTimes(&b, margin+1, drawing.width)
	return b.String()
}

// bounds returns the least and the greatest value.
func (c *Chart) bounds() (low, high float64) {
	if len(c.Points) == 0 {
		return 0, 1
	}
	low, high = c.Points[0].Low, c.Points[0].High
	for _, p := range c.Points {
		low, high = min(low, p.Low), max(high, p.High)
	}
	return max(low, -largest), min(high, largest)
}

// place returns where a time is, as a part of the axis.
func (c *Chart) place(t time.Time) float64 {
	return float64(t.Sub(c.From)) / float64(max(c.To.Sub(c.From), 1))
}

func (c *Chart) drawPoints(d *canvas, low, high float64) {
	// The value axis begins in the middle of the lowest character, where its label is.
	top, bottom := float64(dotsY-1)/2, float64(d.height*dotsY-1)-float64(dotsY-1)/2
	y := func(v float64) int {
		v = min(max(v, low), high)
		return int(math.Round(top + (bottom-top)*((high/2-v/2)/(high/2-low/2))))
	}
	x := func(t time.Time) int { return int(math.Round(c.place(t) * float64(d.width*dotsX-1))) }
	for i, p := range c.Points {
		at := x(p.Time)
		d.line(at, y(p.Low), at, y(p.High))
		d.set(at, y(p.Value))
		if i > 0 && !p.Gap {
			before := c.Points[i-1]
			d.line(x(before.Time), y(before.Value), at, y(p.Value))
		}
	}
}

// drawTimes writes the time axis and its labels.
func (c *Chart) drawTimes(b *strings.Builder, margin, width int) {
	axis := []rune(strings.Repeat("─", width))
	labels := []rune(strings.Repeat(" ", width+margin+1))
	free := 0
	for _, tick := range timeTicks(c.From, c.To, max(width/columnsPerTick, 2)) {
		at := int(math.Round(c.place(tick.at) * float64(width-1)))
		if at < 0 || at >= width {
			continue
		}
		axis[at] = '┬'
		text := []rune(tick.text)
		first := max(at+margin+1-len(text)/2, 0)
		if first < free || first+len(text) > len(labels) {
			continue
		}
		copy(labels[first:], text)
		free = first + len(text) + 1
	}
	b.WriteString(strings.Repeat(" ", margin) + "└" + string(axis) + "\n")
	b.WriteString(strings.TrimRight(string(labels), " ") + "\n")
}
