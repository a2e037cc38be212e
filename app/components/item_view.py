"""An item as those see it who decide about answers to it: its words, its media, and the background of the answers."""

import html
from urllib.parse import quote

import streamlit as st

from app.services.submissions import plain_text
from db.records import ItemRecord

__all__ = ["show_item"]

_TAGS = {
    "image": "<img src='{source}' alt='{alt}' style='max-width:100%;max-height:26rem;border-radius:6px'>",
    "audio": "<audio src='{source}' controls style='width:100%'></audio>",
    "video": "<video src='{source}' controls style='max-width:100%;max-height:26rem'></video>",
}


def show_item(item: ItemRecord) -> None:
    """Texts and conversations as they are; media from this server, which asks again who may see them."""
    with st.container(border=True):
        for part in item.content["parts"]:
            if part["kind"] in _TAGS:
                source = f"/api/media/{item.id}/{quote(part['name'])}"
                alt = html.escape(part.get("alt") or part["kind"], quote=True)
                st.html(_TAGS[part["kind"]].format(source=source, alt=alt))
        words = {**item.content, "parts": [p for p in item.content["parts"] if p["kind"] not in _TAGS]}
        if words["parts"]:
            st.text(plain_text(words))
        if item.content.get("context"):
            with st.expander("Background"):
                st.text(item.content["context"])
