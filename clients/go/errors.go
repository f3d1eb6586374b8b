package discue

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// What errors.Is finds in an *APIError, by its status.
var (
	// ErrAuthentication is 401: no API key, or one that is unknown or disabled.
	ErrAuthentication = errors.New("discue: not authenticated")
	// ErrPermission is 403: the API key lacks the scope, or too many wrong keys came from this address.
	ErrPermission = errors.New("discue: not permitted")
	// ErrNotFound is 404: it does not exist, for this API key.
	ErrNotFound = errors.New("discue: not found")
	// ErrConflict is 409: an Idempotency-Key with another body, or a resource that has changed meanwhile.
	ErrConflict = errors.New("discue: conflict")
	// ErrValidation is 422: Errors names each property and what is allowed.
	ErrValidation = errors.New("discue: not valid")
	// ErrRateLimit is 429: a share of the organization is used up. Returned once all tries are.
	ErrRateLimit = errors.New("discue: rate limited")
	// ErrUnavailable is 503: the server sheds load, stops, or cannot reach its database. Returned once all tries are.
	ErrUnavailable = errors.New("discue: unavailable")
)

var byStatus = map[int]error{
	http.StatusUnauthorized:        ErrAuthentication,
	http.StatusForbidden:           ErrPermission,
	http.StatusNotFound:            ErrNotFound,
	http.StatusConflict:            ErrConflict,
	http.StatusUnprocessableEntity: ErrValidation,
	http.StatusTooManyRequests:     ErrRateLimit,
	http.StatusServiceUnavailable:  ErrUnavailable,
}

// APIError says that the server answered that it will not, or cannot.
type APIError struct {
	Status int
	Title  string
	Detail string
	// Errors says what is wrong with which property, parameter or header; empty where the answer does not say.
	Errors []ProblemError
	// RequestID is what the server's log has this request under; empty where something in between answered.
	RequestID string
}

func (e *APIError) Error() string {
	text := fmt.Sprintf("discue: %d %s", e.Status, e.Detail)
	faults := make([]string, len(e.Errors))
	for i, fault := range e.Errors {
		faults[i] = fault.Path + " " + fault.Message
	}
	if len(faults) > 0 {
		text += ": " + strings.Join(faults, "; ")
	}
	return text
}

// Is says whether it is of the status that the other stands for.
func (e *APIError) Is(target error) bool { return target != nil && byStatus[e.Status] == target }

// ConnectionError says that no whole answer came: the connection broke, or the time was over.
type ConnectionError struct {
	Method, Path string
	Why          string
	Err          error
}

func (e *ConnectionError) Error() string {
	return fmt.Sprintf("discue: %s %s: %s: %v", e.Method, e.Path, e.Why, e.Err)
}

func (e *ConnectionError) Unwrap() error { return e.Err }

// errorOf is for an answer that is none of success; what is no problem of the API's comes from something in between.
func errorOf(response *http.Response, body []byte) *APIError {
	var problem Problem
	if json.Unmarshal(body, &problem) != nil || problem.Title == "" {
		problem = Problem{Title: http.StatusText(response.StatusCode)}
	}
	if problem.Detail == "" {
		problem.Detail = problem.Title
	}
	requestID := response.Header.Get("x-request-id")
	return &APIError{response.StatusCode, problem.Title, problem.Detail, problem.Errors, requestID}
}
