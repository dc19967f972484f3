"""Which editor and which files pages a user prefers (users-core.md §10)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Struct
from sqlalchemy import Connection

from homeroom.school.ground.errors import Refused
from homeroom.school.people.preferences import clear_preference, set_preferences
from homeroom.school.people.users import policy
from homeroom.school.people.users.queries import find_user
from homeroom.school.rights.actor import Actor
from homeroom.wire.params.ids import UserId
from homeroom.wire.routing.routes import BY_POLICY, Params, Routes, told

route = Routes()

_EDITORS = ("rce", "block_editor")
_FILES_UI_VERSIONS = ("v1", "v2")


class TextEditorPreference(Struct):
    # Any value, because each refusal has its own body.
    text_editor_preference: Annotated[object, told("blank for none", type="string", enum=["", *_EDITORS])] = None


class FilesUiVersionPreference(Struct):
    files_ui_version: Annotated[object, told("a version", type="string", enum=list(_FILES_UI_VERSIONS))] = None


class TextEditorPreferenceJson(Struct):
    text_editor_preference: str | None


class FilesUiVersionJson(Struct):
    files_ui_version: str


@route.put("/users/:id/text_editor_preference", right=BY_POLICY)
def update_text_editor_preference(
    id: UserId, params: Params[TextEditorPreference], actor: Actor, db: Connection
) -> TextEditorPreferenceJson:
    """Update text editor preference."""
    user = find_user(db, actor, id)
    policy.require(policy.can_manage, db, actor, user.id)
    editor = params.text_editor_preference
    if editor == "":
        clear_preference(db, user.id, "text_editor_preference")
        return TextEditorPreferenceJson(None)
    if not isinstance(editor, str) or editor not in _EDITORS:
        raise Refused("Invalid text_editor_preference provided", status=422)
    set_preferences(db, user.id, {"text_editor_preference": editor})
    return TextEditorPreferenceJson(editor)


@route.put("/users/:id/files_ui_version_preference", right=BY_POLICY)
def update_files_ui_version_preference(
    id: UserId, params: Params[FilesUiVersionPreference], actor: Actor, db: Connection
) -> FilesUiVersionJson:
    """Update files UI version preference."""
    user = find_user(db, actor, id)
    policy.require(policy.can_manage, db, actor, user.id)
    version = params.files_ui_version
    if not isinstance(version, str) or version not in _FILES_UI_VERSIONS:
        raise Refused("Invalid files_ui_version provided")
    set_preferences(db, user.id, {"files_ui_version": version})
    return FilesUiVersionJson(version)
