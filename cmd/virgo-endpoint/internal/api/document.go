package api

import (
	"encoding/json"
	"fmt"

	"github.com/danielgtaylor/huma/v2"
)

// tokenScheme is the name of the security scheme.
const tokenScheme = "token"

// description is that of the document.
const description = `What a virgo endpoint knows, for programs: read only.

Every request has a token of kind read: ` + "`Authorization: Bearer virgo_…`" + `. ` + "`virgo-endpoint token add --kind read`" + `
makes one, ` + "`token remove`" + ` ends it at once. Times are milliseconds since the Unix epoch (_ms); parameters take RFC 3339.
Later versions add fields: ignore those that you do not know. A field's meaning changes only with schema_version.`

// config is the configuration of huma: JSON only, no pages with scripts of others, no links to schemas.
func config(version string) huma.Config {
	cfg := huma.DefaultConfig("virgo-endpoint", version)
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath, cfg.CreateHooks = "", "", "", nil
	cfg.RejectUnknownQueryParameters = true // a filter with a slip would select everything
	cfg.Info.Description = description
	cfg.Info.License = &huma.License{Name: "see LICENSE"}
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		tokenScheme: {Type: "http", Scheme: "bearer", Description: "A token of kind read."},
	}
	cfg.Tags = []*huma.Tag{
		{Name: agentsTag, Description: "The hosts, with their state."},
		{Name: resultsTag, Description: "What they delivered."},
		{Name: historyTag, Description: "How metrics changed."},
		{Name: selfTag, Description: "The endpoint about itself."},
	}
	return cfg
}

// The tags of operations.
const (
	agentsTag  = "agents"
	resultsTag = "results"
	historyTag = "history"
	selfTag    = "endpoint"
)

// allowUnknownFields lets objects have fields that the document does not know: a later version adds some.
func allowUnknownFields(doc *huma.OpenAPI) {
	for _, s := range doc.Components.Schemas.Map() {
		s.AdditionalProperties = nil
	}
}

// Document returns the OpenAPI document.
func Document(version string) ([]byte, error) {
	return New(Options{Version: version}).document()
}

func (a *API) document() ([]byte, error) {
	compact, err := a.huma.OpenAPI().MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("making the OpenAPI document: %w", err)
	}
	var doc any
	if err := json.Unmarshal(compact, &doc); err != nil {
		return nil, fmt.Errorf("making the OpenAPI document: %w", err)
	}
	data, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("making the OpenAPI document: %w", err)
	}
	return append(data, '\n'), nil
}

// yamlType is the type of bodies that are files.
const yamlType = "application/yaml"
