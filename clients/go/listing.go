package discue

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
)

const perPage = 100

type page struct {
	Embedded map[string]json.RawMessage `json:"_embedded"`
	Links    struct {
		Next *Link `json:"next"`
	} `json:"_links"`
}

// listed is all entries of a listing, page after page, as they are asked for. An error is the last of it.
func listed[T any](ctx context.Context, c *Client, path, collection string, filter url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var nothing T
		query := url.Values{"_embed": {"true"}, "per_page": {strconv.Itoa(perPage)}}
		for name, values := range filter {
			query[name] = values
		}
		for query != nil {
			var read page
			if err := c.call(ctx, request{method: "GET", path: path, query: query}, &read); err != nil {
				yield(nothing, err)
				return
			}
			entries, following, err := entriesOf[T](read, collection)
			if err != nil {
				yield(nothing, err)
				return
			}
			for _, entry := range entries {
				if !yield(entry, nil) {
					return
				}
			}
			query = following
		}
	}
}

// entriesOf is what a page holds, and the query of the next one; nil where it is the last.
func entriesOf[T any](read page, collection string) ([]T, url.Values, error) {
	var entries []T
	if embedded := read.Embedded[collection]; embedded != nil {
		if err := json.Unmarshal(embedded, &entries); err != nil {
			return nil, nil, err
		}
	}
	if read.Links.Next == nil {
		return entries, nil, nil
	}
	// Path and address of the link may be others than those by which this client reaches the server.
	link, err := url.Parse(read.Links.Next.Href)
	if err != nil {
		return nil, nil, err
	}
	return entries, link.Query(), nil
}

// failing is a listing that cannot be asked for.
func failing[T any](err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var nothing T
		yield(nothing, err)
	}
}
