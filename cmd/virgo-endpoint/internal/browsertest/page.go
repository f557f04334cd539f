package browsertest

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A Look is how a page is looked at.
type Look struct {
	Width, Height int // in CSS pixels
	Dark          bool
	// Now is what the page's clock says when it is opened; zero for the real time.
	Now time.Time
	// Cookie is sent as "name=value"; empty for none.
	Cookie string
}

// A Page is a tab of the browser.
type Page struct {
	t    testing.TB
	ctx  context.Context
	look Look

	mu       sync.Mutex
	host     string
	problems []string
	expected []string
	requests map[network.RequestID]*Request
}

// A Request is one that a page made.
type Request struct {
	URL string
	// Bytes is what came over the wire, headers included, once the answer ended.
	Bytes int64
	Done  bool
}

// Page opens a tab. It is closed with the test, which fails if the page had a problem.
func (b *Browser) Page(t testing.TB, look Look) *Page {
	t.Helper()
	ctx, stop := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	p := &Page{t: t, ctx: ctx, look: look, requests: map[network.RequestID]*Request{}}
	t.Cleanup(func() {
		stop()
		for _, problem := range p.Problems() {
			t.Errorf("the page: %s", problem)
		}
	})
	if err := chromedp.Listen(ctx, p.note); err != nil {
		t.Fatalf("the browser: %v", err)
	}
	call(p, network.Enable, network.EnableParams{})
	call(p, log.Enable, cdp.Empty{})
	if !look.Now.IsZero() {
		call(p, page.Enable, page.EnableParams{})
		call(p, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
			Source: fmt.Sprintf("{const by = %d - Date.now(), real = Date.now; Date.now = () => real() + by}", look.Now.UnixMilli())})
	}
	call(p, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "Europe/Berlin"})
	p.Resize(look.Width, look.Height, look.Dark)
	return p
}

// Resize looks at the page in another size, dark or light.
func (p *Page) Resize(width, height int, dark bool) {
	p.t.Helper()
	call(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(width), Height: int64(height), DeviceScaleFactor: 1, Mobile: width < 500})
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// call sends a command of the protocol.
func call[P, R any](p *Page, c cdp.Command[P, R], params P) {
	p.t.Helper()
	if _, err := chromedp.Call(p.ctx, c, params); err != nil {
		p.t.Fatalf("the browser: %s: %v", c.Method, err)
	}
}

// note collects what the page does.
func (p *Page) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		p.problems = append(p.problems, "exception: "+exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			text := "console:"
			for _, a := range e.Args {
				text += " " + string(a.Value) + a.Description
			}
			p.problems = append(p.problems, text)
		}
	case *log.EventEntryAdded: // breaches of the policy and failed requests among them
		if e.Entry.Level == log.EntryLevelError {
			p.problems = append(p.problems, "log: "+e.Entry.Text+" "+e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		at, err := url.Parse(e.Request.URL)
		if err == nil && at.Scheme != "data" && p.host != "" && at.Host != p.host {
			p.problems = append(p.problems, "asks another host: "+e.Request.URL)
		}
		p.requests[e.RequestID] = &Request{URL: e.Request.URL}
	case *network.EventLoadingFinished:
		if r := p.requests[e.RequestID]; r != nil {
			r.Bytes, r.Done = int64(e.EncodedDataLength), true
		}
	}
}

func exception(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

// Do runs actions; one that fails ends the test.
func (p *Page) Do(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, pageTime)
	defer stop()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("the browser: %v", err)
	}
}

// Open loads an address and waits until it is loaded.
func (p *Page) Open(address string) {
	p.t.Helper()
	at, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.host = at.Host
	p.mu.Unlock()
	if name, value, ok := strings.Cut(p.look.Cookie, "="); ok {
		call(p, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: at.Scheme + "://" + at.Host})
	}
	p.Do(chromedp.Navigate(address))
}

// Eval returns the value of an expression, which may be a promise.
func Eval[T any](p *Page, script string) T {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, pageTime)
	defer stop()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("the browser: %s: %v", script, err)
	}
	return value
}

// Until waits until an expression is true.
func (p *Page) Until(script string) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.ctx, pageTime)
	defer stop()
	for {
		_, err := chromedp.Run(ctx, chromedp.Poll[chromedp.Void](script, chromedp.WithPollingTimeout(pageTime)))
		if err == nil {
			return
		}
		if ctx.Err() != nil || !strings.Contains(err.Error(), "context") && !strings.Contains(err.Error(), "navigated") { // another page is loaded meanwhile
			p.t.Fatalf("the browser: waiting for %s: %v", script, err)
		}
	}
}

// Expect says that problems with a text in them are none.
func (p *Page) Expect(text string) {
	p.mu.Lock()
	p.expected = append(p.expected, text)
	p.mu.Unlock()
}

// Media shows the page as a medium does: print, or screen.
func (p *Page) Media(medium string) {
	p.t.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: medium})
}

// Problems returns what went wrong since the last call.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := slices.DeleteFunc(p.problems, func(problem string) bool {
		return slices.ContainsFunc(p.expected, func(text string) bool { return strings.Contains(problem, text) })
	})
	p.problems = nil
	return list
}

// Requests returns what the page asked for, data addresses left out.
func (p *Page) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	var list []Request
	for _, r := range p.requests {
		if !strings.HasPrefix(r.URL, "data:") {
			list = append(list, *r)
		}
	}
	slices.SortFunc(list, func(a, b Request) int { return strings.Compare(a.URL, b.URL) })
	return list
}

// Shot writes a picture of what is in view to the folder that VIRGO_PICTURES names; without it there is none.
func (p *Page) Shot(name string) {
	p.t.Helper()
	if dir := os.Getenv("VIRGO_PICTURES"); dir != "" {
		p.ShotTo(filepath.Join(dir, name+".png"))
	}
}

// ShotTo writes a picture of what is in view to a file, with 256 colours: it is a third of the size, and looks the
// same.
func (p *Page) ShotTo(file string) {
	p.t.Helper()
	data, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		p.t.Fatalf("the browser: %v", err)
	}
	full, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(f, indexed(full)); err != nil {
		p.t.Fatal(err)
	}
}

// indexed returns a picture with the 256 colours that it has most of; others become the nearest of these.
func indexed(full image.Image) image.Image {
	count := map[color.RGBA]int{}
	bounds := full.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[color.RGBAModel.Convert(full.At(x, y)).(color.RGBA)]++
		}
	}
	var all []color.RGBA
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int { return count[b] - count[a] })
	var palette color.Palette
	for _, c := range all[:min(len(all), 256)] {
		palette = append(palette, c)
	}
	small := image.NewPaletted(bounds, palette)
	draw.Draw(small, bounds, full, bounds.Min, draw.Src)
	return small
}
