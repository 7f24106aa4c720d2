from apps import BOARD, PREFIX, claims_of, logged_in, sent_token


def test_a_signed_in_visitor_is_sent_to_the_board(app):
    response = logged_in(app).get(PREFIX)
    assert response.status_code == 302
    assert response.headers["Location"].startswith(f"{BOARD}/?ssoToken=")
    assert claims_of(sent_token(response))["email"] == "ada@example.com"
