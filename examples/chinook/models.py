"""The eleven tables of Chinook, as the application that is there already maps them. Nothing in this file is PrisML's.

Names of tables and columns are those of the public schema: https://github.com/lerocha/chinook-database.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Column, ForeignKey, Numeric, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The tables of the shop."""

    # MariaDB wants to know how long a text may be.
    type_annotation_map = {str: String(200), Decimal: Numeric(10, 2)}  # noqa: RUF012 -- SQLAlchemy reads it as it stands


class Artist(Base):
    """Who made an album."""

    __tablename__ = "Artist"

    ArtistId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str | None]


class Album(Base):
    """A record by one artist."""

    __tablename__ = "Album"

    AlbumId: Mapped[int] = mapped_column(primary_key=True)
    Title: Mapped[str]
    ArtistId: Mapped[int] = mapped_column(ForeignKey("Artist.ArtistId"), index=True)


class Genre(Base):
    """Rock, Jazz, and so on."""

    __tablename__ = "Genre"

    GenreId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str | None]


class MediaType(Base):
    """The kind of file that is sold."""

    __tablename__ = "MediaType"

    MediaTypeId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str | None]


PlaylistTrack = Table(
    "PlaylistTrack",
    Base.metadata,
    Column("PlaylistId", ForeignKey("Playlist.PlaylistId"), primary_key=True),
    Column("TrackId", ForeignKey("Track.TrackId"), primary_key=True, index=True),
)


class Playlist(Base):
    """A list of tracks."""

    __tablename__ = "Playlist"

    PlaylistId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str | None]

    Tracks: Mapped[list[Track]] = relationship(secondary=PlaylistTrack)


class Track(Base):
    """A song, with its length and the size of its file."""

    __tablename__ = "Track"

    TrackId: Mapped[int] = mapped_column(primary_key=True)
    Name: Mapped[str]
    AlbumId: Mapped[int | None] = mapped_column(ForeignKey("Album.AlbumId"), index=True)
    MediaTypeId: Mapped[int] = mapped_column(ForeignKey("MediaType.MediaTypeId"), index=True)
    GenreId: Mapped[int | None] = mapped_column(ForeignKey("Genre.GenreId"), index=True)
    Composer: Mapped[str | None]
    Milliseconds: Mapped[int]
    Bytes: Mapped[int | None]
    UnitPrice: Mapped[Decimal]


class Employee(Base):
    """Who works in the shop."""

    __tablename__ = "Employee"

    EmployeeId: Mapped[int] = mapped_column(primary_key=True)
    LastName: Mapped[str]
    FirstName: Mapped[str]
    Title: Mapped[str | None]
    ReportsTo: Mapped[int | None] = mapped_column(ForeignKey("Employee.EmployeeId"), index=True)
    BirthDate: Mapped[datetime | None]
    HireDate: Mapped[datetime | None]
    Address: Mapped[str | None]
    City: Mapped[str | None]
    State: Mapped[str | None]
    Country: Mapped[str | None]
    PostalCode: Mapped[str | None]
    Phone: Mapped[str | None]
    Fax: Mapped[str | None]
    Email: Mapped[str | None]


class Customer(Base):
    """Who buys. No column says since when, or how much: that is in the invoices."""

    __tablename__ = "Customer"

    CustomerId: Mapped[int] = mapped_column(primary_key=True)
    FirstName: Mapped[str]
    LastName: Mapped[str]
    Company: Mapped[str | None]
    Address: Mapped[str | None]
    City: Mapped[str | None]
    State: Mapped[str | None]
    Country: Mapped[str | None]
    PostalCode: Mapped[str | None]
    Phone: Mapped[str | None]
    Fax: Mapped[str | None]
    Email: Mapped[str]
    SupportRepId: Mapped[int | None] = mapped_column(ForeignKey("Employee.EmployeeId"), index=True)

    Invoices: Mapped[list[Invoice]] = relationship(order_by="Invoice.InvoiceDate")


class Invoice(Base):
    """What a customer bought at one moment."""

    __tablename__ = "Invoice"

    InvoiceId: Mapped[int] = mapped_column(primary_key=True)
    CustomerId: Mapped[int] = mapped_column(ForeignKey("Customer.CustomerId"), index=True)
    InvoiceDate: Mapped[datetime]
    BillingAddress: Mapped[str | None]
    BillingCity: Mapped[str | None]
    BillingState: Mapped[str | None]
    BillingCountry: Mapped[str | None]
    BillingPostalCode: Mapped[str | None]
    Total: Mapped[Decimal]


class InvoiceLine(Base):
    """One track of an invoice."""

    __tablename__ = "InvoiceLine"

    InvoiceLineId: Mapped[int] = mapped_column(primary_key=True)
    InvoiceId: Mapped[int] = mapped_column(ForeignKey("Invoice.InvoiceId"), index=True)
    TrackId: Mapped[int] = mapped_column(ForeignKey("Track.TrackId"), index=True)
    UnitPrice: Mapped[Decimal]
    Quantity: Mapped[int]
