package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"path"
	"strings"

	"virgo/schedule/alarm"
)

// The templates of views are templates/NAME.html, which defines "body" and may define "head". What several views
// use is in templates/parts/*.html.
//
//go:embed templates
var templateFiles embed.FS

// templates has each view's, by its name.
type templates map[string]*template.Template

func parseTemplates(a *assets) (templates, error) {
	funcs := template.FuncMap{"asset": a.address, "hostpath": hostPath, "defaultrules": alarm.DefaultsText}
	maps.Copy(funcs, timeFuncs())
	shared, err := template.New("").Option("missingkey=error").Funcs(funcs).ParseFS(templateFiles, "templates/parts/*.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := templates{}
	for _, file := range files {
		own, err := shared.Clone()
		if err != nil {
			return nil, err
		}
		if own, err = own.ParseFS(templateFiles, file); err != nil {
			return nil, err
		}
		all[strings.TrimSuffix(path.Base(file), ".html")] = own
	}
	return all, nil
}

// execute writes one template of a view: "layout" for the whole document, or a part of it.
func (t templates) execute(w io.Writer, view, part string, data any) error {
	own, ok := t[view]
	if !ok {
		return fmt.Errorf("no such template: %q", view)
	}
	if err := own.ExecuteTemplate(w, part, data); err != nil {
		return fmt.Errorf("template %q: %w", view, err)
	}
	return nil
}
